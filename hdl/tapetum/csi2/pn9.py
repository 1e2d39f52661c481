# SPDX-License-Identifier: Apache-2.0
"""The pseudo-random sequence PN9, many bits per clock."""

from functools import cache, reduce
from operator import xor

from amaranth import *

__all__ = ["PN9_START", "advance", "bits_ahead", "state_after"]

STAGES = 9
PN9_START = (1 << STAGES) - 1
"""Nine bits of the sequence, first one lowest: all ones at the start of a frame."""


@cache
def _sums(count: int) -> tuple[int, ...]:
    """Which bits of the state add up to each of ``count`` bits of the sequence.

    The polynomial x^9 + x^5 + 1: bit n + 9 is the sum of bits n + 5 and n.
    """
    sums = [1 << index for index in range(STAGES)]
    while len(sums) < count:
        sums.append(sums[-4] ^ sums[-9])
    return tuple(sums[:count])


def _sum(state: Value, mask: int) -> Value:
    return reduce(xor, (state[index] for index in range(STAGES) if mask >> index & 1))


def bits_ahead(state: Value, count: int) -> Value:
    """The next ``count`` bits of the sequence, first one lowest."""
    return Cat(_sum(state, mask) for mask in _sums(count))


def advance(state: Value, count: int) -> Value:
    """The state after ``count`` bits."""
    return Cat(_sum(state, mask) for mask in _sums(count + STAGES)[count:])


def state_after(count: int) -> int:
    """The state ``count`` bits after the start."""
    return sum((mask.bit_count() & 1) << index
               for index, mask in enumerate(_sums(count + STAGES)[count:]))
