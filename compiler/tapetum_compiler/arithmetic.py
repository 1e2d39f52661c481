# SPDX-License-Identifier: Apache-2.0
"""How a sum of products becomes eight bits again: the fixed-point arithmetic of TensorFlow Lite."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

__all__ = ["INT8_MAX", "INT8_MIN", "MULTIPLIER_BITS", "Rescale", "Rounding", "rescaled"]

INT8_MIN, INT8_MAX = -128, 127
MULTIPLIER_BITS = 31
_SMALLEST_EXPONENT = -31


class Rounding(Enum):
    """How often the product is rounded on its way through two shifts."""

    DOUBLE = "double"
    """After each shift: half up, then half away from zero. All layers but fully connected ones."""
    SINGLE = "single"
    """Once, half up."""


@dataclass(frozen=True, eq=False)
class Rescale:
    """One factor per channel: ``multiplier / 2**31 * 2**exponent``.

    Members
    -------
    multiplier : int64 array (channels,)
        Below 2**31; from 2**30 on if made by `of`, or 0.
    exponent : int64 array (channels,)
        -31 to 30; 0 where the multiplier is 0.
    """

    multiplier: NDArray[np.int64]
    exponent: NDArray[np.int64]

    @classmethod
    def of(cls, factors: Iterable[float]) -> "Rescale":
        """The nearest to each of `factors`, which are positive."""
        pairs = [_fixed_point(float(factor)) for factor in factors]
        return cls(np.array([multiplier for multiplier, _ in pairs], np.int64),
                   np.array([exponent for _, exponent in pairs], np.int64))

    def channels(self, which: NDArray[np.intp]) -> "Rescale":
        """Of some channels."""
        return Rescale(self.multiplier[which], self.exponent[which])


def _fixed_point(factor: float) -> tuple[int, int]:
    mantissa, exponent = math.frexp(factor)
    # half away from zero, which is what std::round does; Python's round() goes to even
    multiplier = math.floor(mantissa * (1 << MULTIPLIER_BITS) + 0.5)
    if multiplier == 1 << MULTIPLIER_BITS:
        multiplier, exponent = multiplier >> 1, exponent + 1
    return (multiplier, exponent) if exponent >= _SMALLEST_EXPONENT else (0, 0)


def rescaled(values: NDArray[np.int64], rescale: Rescale,
             rounding: Rounding = Rounding.DOUBLE) -> NDArray[np.int64]:
    """`values` (..., channels) times the factor of their channel, in whole numbers.

    Exact while ``values * 2**max(exponent, 0)`` fits in 32 bits.
    """
    left = np.maximum(rescale.exponent, 0)
    right = np.maximum(-rescale.exponent, 0)
    if rounding is Rounding.SINGLE:
        shift = MULTIPLIER_BITS - rescale.exponent
        return (values * rescale.multiplier + (np.int64(1) << (shift - 1))) >> shift
    product = (values << left) * rescale.multiplier
    high = (product + (1 << (MULTIPLIER_BITS - 1))) >> MULTIPLIER_BITS
    half = np.where(right > 0, np.int64(1) << np.maximum(right - 1, 0), 0)
    return (high + half - ((high < 0) & (right > 0))) >> right
