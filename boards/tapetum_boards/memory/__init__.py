# SPDX-License-Identifier: Apache-2.0
"""The board's SDRAM, and who shares it."""
