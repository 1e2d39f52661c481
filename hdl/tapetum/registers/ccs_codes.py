# SPDX-License-Identifier: Apache-2.0
"""Codes of CCS that registers and the rooms behind them share."""

from ..config import ColourFilter

__all__ = ["CCS_DATA_FORMATS", "CCS_ODD_INCREMENTS", "CCS_PIXEL_ORDER", "MANUFACTURER_ID",
           "VISIBLE_PIXELS"]

CCS_DATA_FORMATS = (0x0808, 0x0A0A, 0x0C0C, 0x0E0E, 0x1010, 0x1414, 0x1818)
"""Codes of `csi_data_format` in the order of `DataFormat`: bits before, bits after packing."""
CCS_ODD_INCREMENTS = (1, 3, 7)
"""Values of the odd increments in the order of `Skip`."""
MANUFACTURER_ID = 0x5450
"""ASCII "TP": MIPI has assigned no number to this design."""
CCS_PIXEL_ORDER = {ColourFilter.GRBG: 0, ColourFilter.RGGB: 1, ColourFilter.BGGR: 2,
                   ColourFilter.GBRG: 3, ColourFilter.MONO: 1}
"""Of the unflipped array; a mirror changes bit 0, a vertical flip bit 1."""
VISIBLE_PIXELS = 5
"""Code of a frame format descriptor for rows or columns of the image."""
