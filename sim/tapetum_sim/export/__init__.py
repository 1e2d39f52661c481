# SPDX-License-Identifier: Apache-2.0
"""The die for people who do not use Python: Verilog, and a description of it in JSON."""
