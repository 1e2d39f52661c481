# SPDX-License-Identifier: Apache-2.0
"""The die on FPGA boards: platform, clocks, PHY, host link; the home of vendor primitives."""
