# SPDX-License-Identifier: Apache-2.0
"""Products with constants, without a multiplier."""

from functools import reduce
from operator import add

from amaranth import *

__all__ = ["times"]


def times(value: Value, factor: int) -> Value:
    """``value * factor`` as a sum of shifted values.

    Synthesis takes one of the device's multipliers for every product, even with a constant, and
    the die leaves a board few of them.

    Parameters
    ----------
    value : Value
        Unsigned.
    factor : int
        Positive; each bit that is set in it but one costs an adder.
    """
    return reduce(add, (value << place for place in range(factor.bit_length())
                        if factor >> place & 1))
