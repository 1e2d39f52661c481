# SPDX-License-Identifier: Apache-2.0
"""The host's two-wire bus: CCI of MIPI, an I2C target in front of the registers."""
