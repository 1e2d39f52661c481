# SPDX-License-Identifier: Apache-2.0
"""Bytes of a row back to pixels, for every raw format (CSI-2 §11.4)."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["RAW_BITS", "data_bytes", "unpack_marks", "unpack_pixels"]

RAW_BITS = {0x2A: 8, 0x2B: 10, 0x2C: 12, 0x2D: 14, 0x2E: 16, 0x2F: 20, 0x27: 24}
"""Bits per pixel by data type."""

# Bytes that repeat, and where among them the upper eight bits of each pixel stand.
_CELLS = {8: (1, (0,)), 10: (5, (0, 1, 2, 3)), 12: (3, (0, 1)), 14: (7, (0, 1, 2, 3)),
          16: (2, (0,)), 20: (5, (0, 2)), 24: (3, (0,))}


def unpack_pixels(payload: NDArray[np.uint8], bits: int) -> NDArray[np.uint32]:
    """Pixels of ``bits`` from bytes; the last axis is the row.

    Raises
    ------
    ValueError
        If the row does not consist of whole cells of the format.
    """
    cells = _cells(payload, bits)
    one = np.moveaxis(cells, -1, 0).astype(np.uint32)
    match bits:
        case 8:
            pixels = [one[0]]
        case 10:
            pixels = [one[k] << 2 | one[4] >> 2 * k & 3 for k in range(4)]
        case 12:
            pixels = [one[0] << 4 | one[2] & 15, one[1] << 4 | one[2] >> 4]
        case 14:
            pixels = [one[0] << 6 | one[4] & 63,
                      one[1] << 6 | one[4] >> 6 | (one[5] & 15) << 2,
                      one[2] << 6 | one[5] >> 4 | (one[6] & 3) << 4,
                      one[3] << 6 | one[6] >> 2]
        case 16:
            pixels = [one[0] << 8 | one[1]]
        case 20:
            low = one[4]
            pixels = [one[k] << 12 | (low >> 2 * k & 3) << 10 | one[k + 1] << 2
                      | low >> 2 * k + 2 & 3 for k in (0, 2)]
        case _:
            pixels = [one[0] << 16 | (one[2] & 15) << 12 | one[1] << 4 | one[2] >> 4]
    return np.stack(pixels, axis=-1).reshape(*payload.shape[:-1], -1)


def unpack_marks(payload: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """One bit per pixel, the first one lowest, the padding of the last byte included."""
    return np.unpackbits(payload, axis=-1, bitorder="little").astype(np.bool_)


def data_bytes(payload: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """The bytes of an embedded row without the dummy bytes that its format asks for."""
    return _cells(payload, bits)[..., list(_CELLS[bits][1])].reshape(*payload.shape[:-1], -1)


def _cells(payload: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    if bits not in _CELLS:
        raise ValueError(f"there is no raw format of {bits} bits.")
    size = _CELLS[bits][0]
    if payload.shape[-1] % size:
        raise ValueError(f"a row of {payload.shape[-1]} bytes is no whole number of cells of "
                         f"{size} bytes, as RAW{bits} needs.")
    return payload.reshape(*payload.shape[:-1], -1, size)
