# SPDX-License-Identifier: Apache-2.0
"""How bright a pixel of the scene is, in the 16 bits that memory has for it."""

import numpy as np
from amaranth.lib import data

__all__ = ["MANTISSA_BITS", "Radiance", "encode_radiance"]

MANTISSA_BITS = 11
_LARGEST_EXPONENT = 15


class Radiance(data.Struct):
    """``mantissa * 2**exponent``: 156 dB, in steps of 0.1 % at most but for the darkest.

    Members
    -------
    lamp : 1
        The light of a pulsed lamp, and dark while that is off.
    """

    mantissa: MANTISSA_BITS
    exponent: 4
    lamp: 1


def encode_radiance(values: np.ndarray, lamp: np.ndarray | None = None) -> np.ndarray:
    """Nearest `Radiance` words of values in units of the mantissa's LSB, saturating.

    Returns uint16 of the same shape; ``lamp`` marks what a pulsed lamp lights.
    """
    values = np.clip(np.asarray(values, float), 0, None)
    exponent = np.clip(np.floor(np.log2(np.maximum(values, 1))).astype(int) - MANTISSA_BITS + 1,
                       0, _LARGEST_EXPONENT)
    mantissa = np.rint(values / 2.0 ** exponent).astype(int)
    carried = (mantissa >> MANTISSA_BITS > 0) & (exponent < _LARGEST_EXPONENT)
    exponent, mantissa = exponent + carried, np.where(carried, mantissa >> 1, mantissa)
    mantissa = np.minimum(mantissa, (1 << MANTISSA_BITS) - 1)
    word = mantissa | exponent << MANTISSA_BITS
    if lamp is not None:
        word |= np.asarray(lamp, int) << 15
    return word.astype(np.uint16)
