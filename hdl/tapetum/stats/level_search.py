# SPDX-License-Identifier: Apache-2.0
"""Goes through the counts of all levels: how many there are, and where percentiles lie."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed
from .counter_banks import COUNT_BITS
from .levels import LEVELS

__all__ = ["TOTAL_BITS", "LevelSearch"]

READ_CYCLES = 3
TOTAL_BITS = COUNT_BITS + 7
"""All levels full."""


class LevelSearch(wiring.Component):
    """Adds up the counts of one capture, from dark to bright, in about `LEVELS` clocks.

    Members
    -------
    start : In(1)
        Strobe.
    level : Out(7), count : In(20)
        Level to be read; its count, 3 clocks later.
    thresholds : In(27 bit, two)
    done : Out(1)
        Strobe: the results stand until the next ``start``.
    total : Out(27)
    found : Out(7 bit, two)
        First level with which the sum exceeds the threshold.
    """

    def __init__(self):
        super().__init__({
            "start": In(1), "level": Out(range(LEVELS)), "count": In(COUNT_BITS),
            "thresholds": In(data.ArrayLayout(TOTAL_BITS, 2)),
            "done": Out(1), "total": Out(TOTAL_BITS),
            "found": Out(data.ArrayLayout(range(LEVELS), 2)),
        })

    def elaborate(self, platform):
        m = Module()
        asking, arrived = Signal(), Signal(range(LEVELS))
        answered = delayed(m, asking, READ_CYCLES, name="answered", reset_less=False)
        added, ended = Signal(), Signal()
        index, is_found = Signal(range(LEVELS), reset_less=True), Signal(2)
        with m.If(self.start):
            m.d.sync += [asking.eq(1), self.level.eq(0), arrived.eq(0), self.total.eq(0),
                         is_found.eq(0)]
        with m.Elif(asking):
            m.d.sync += self.level.eq(self.level + 1)
            with m.If(self.level == LEVELS - 1):
                m.d.sync += asking.eq(0)
        m.d.sync += [added.eq(answered), index.eq(arrived),
                     ended.eq(added & (index == LEVELS - 1)), self.done.eq(ended)]
        with m.If(answered):
            m.d.sync += [self.total.eq(self.total + self.count), arrived.eq(arrived + 1)]
        for which in range(2):
            with m.If(added & ~is_found[which] & (self.total > self.thresholds[which])):
                m.d.sync += [is_found[which].eq(1), self.found[which].eq(index)]
        return m
