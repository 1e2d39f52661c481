# SPDX-License-Identifier: Apache-2.0
"""Whether one rounding of a 31-bit product gives what an exact product would give."""

from fractions import Fraction

import numpy as np

from tapetum_compiler.arithmetic import MULTIPLIER_BITS
from tapetum_compiler.network import Convolution

__all__ = ["rounds_exactly"]


def rounds_exactly(layer: Convolution, factors: np.ndarray) -> bool:
    """Every accumulator of `layer` gives the code that its `factors`, rounded once, would give.

    LiteRT multiplies fully connected sums by a number of 64-bit floating point and rounds half
    away from zero. The array's 31-bit factor crosses from code to code at the same sums, unless
    sums are very large or the factor is so round that halves occur. The crossings are compared.
    """
    least, most = layer.accumulator_range()
    zero_point = layer.output.zero_point
    crossings = [Fraction(2 * code + 1, 2)
                 for code in range(layer.act_min - zero_point, layer.act_max - zero_point)]
    multipliers, exponents = layer.rescale.multiplier.tolist(), layer.rescale.exponent.tolist()
    for channel, exact in enumerate(np.broadcast_to(factors, layer.output.channels).tolist()):
        stored = Fraction(multipliers[channel]) * Fraction(2) ** (exponents[channel]
                                                                  - MULTIPLIER_BITS)
        low, high = int(least[channel]), int(most[channel]) + 1
        if not stored:
            continue
        for crossing in crossings:
            ours = -(-crossing // stored)
            # a half is rounded away from zero: upwards above it, downwards below
            theirs = (-(-crossing // Fraction(exact)) if crossing > 0
                      else crossing // Fraction(exact) + 1)
            if min(max(ours, low), high) != min(max(theirs, low), high):
                return False
    return True
