# SPDX-License-Identifier: Apache-2.0
"""The host's fast way in: blocks with a CRC-32 over SPI, in front of the registers."""
