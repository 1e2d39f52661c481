# SPDX-License-Identifier: Apache-2.0
"""What stands around the FPGA on a board, for simulation."""
