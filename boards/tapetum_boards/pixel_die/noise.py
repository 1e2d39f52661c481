# SPDX-License-Identifier: Apache-2.0
"""Noise that can be drawn again: a generator that is seeded for every pass over the columns."""

from functools import reduce
from operator import add

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["DEVIATION", "LANES", "WARM_UP_CYCLES", "NoiseGenerator"]

LANES = 4
WARM_UP_CYCLES = 8
"""Steps after which seeds that differ in a bit have nothing in common any more."""
DEVIATION = 9.22
"""Standard deviation of a number, by its definition."""
_NIBBLE_MEAN_SUM = 30


class NoiseGenerator(wiring.Component):
    """Four numbers a clock, each the sum of four nibbles less its mean: nearly normal, -30 to 30.

    Marsaglia's 64-bit xorshift with shifts of 13, 7 and 17 (Journal of Statistical Software 8,
    2003).

    Members
    -------
    load : In(1), seed : In(64)
        Any seed: a bit that is set is added to it.
    numbers : Out(signed(6)).array(4)
        The clock after ``load`` shows those of the seed itself; then one step a clock.
    """

    def __init__(self):
        super().__init__({"load": In(1), "seed": In(64), "numbers": Out(signed(6)).array(LANES)})

    def elaborate(self, platform):
        m = Module()
        state = Signal(64, init=1)
        first = Signal(64)
        second = Signal(64)
        m.d.comb += [first.eq(state ^ (state << 13)), second.eq(first ^ (first >> 7))]
        m.d.sync += state.eq(Mux(self.load, Cat(self.seed[:63], C(1, 1)),
                                 second ^ (second << 17)))
        for lane, number in enumerate(self.numbers):
            nibbles = [state.word_select(4 * lane + place, 4) for place in range(4)]
            m.d.comb += number.eq(reduce(add, nibbles) - _NIBBLE_MEAN_SUM)
        return m
