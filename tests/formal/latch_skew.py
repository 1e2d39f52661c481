# SPDX-License-Identifier: Apache-2.0
"""What is proved about the counter and one column latch, as a design for the model checker."""

from amaranth import *
from amaranth.hdl import Assert, Assume, Cover

from tapetum.adc.column_latches import ColumnLatches
from tapetum.adc.gray import GrayCounter, gray_decode, gray_encode
from tapetum.config import AdcConfig
from tapetum.pixel import RampKind

__all__ = ["LatchSkew"]


class LatchSkew(Elaboratable):
    """A column latch whose count bits arrive, or whose bits close, at times of their own.

    Each bit that the latch takes is, in every clock anew, the present one or that of the clock
    before: all that a skew of up to one count between the bits can do. The count kept must be
    one of these two neighbours. Nothing is assumed about when the comparator moves.

    Parameters
    ----------
    binary_count : bool
        Plants a bug: the counter's output is binary.
    """

    def __init__(self, config: AdcConfig, *, binary_count: bool = False):
        self.config, self.binary_count = config, binary_count
        self.width = config.bits + 1
        self.domain = ClockDomain("sync", reset_less=True)
        self.skewed = Signal(self.width)
        self.comparator = Signal()
        self.enable = Signal()

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = self.domain
        m.submodules.counter = counter = GrayCounter(self.width)
        m.submodules.latches = latches = ColumnLatches(self.config, columns=1, reset_banks=1)

        # The counter follows this count by a clock, and never runs past the end of a ramp.
        count, shown, shown_before = (Signal(self.width, name=name)
                                      for name in ("count", "shown", "shown_before"))
        m.d.sync += [shown.eq(count), shown_before.eq(shown)]
        with m.If(self.enable):
            m.d.sync += count.eq(count + 1)
        m.d.comb += Assume(~(self.enable & count.all()), "a ramp ends")

        arriving = gray_decode(counter.gray) if self.binary_count else counter.gray
        arrived = Signal(self.width)
        m.d.sync += arrived.eq(arriving)
        m.d.comb += [
            counter.enable.eq(self.enable),
            latches.open.eq(1),
            latches.kind.eq(RampKind.SIGNAL),
            latches.comparators.eq(self.comparator),
            latches.gray.eq((arriving & ~self.skewed) | (arrived & self.skewed)),
        ]

        # Two synchroniser stages and the edge register, then the latch closes.
        # In the clock in which the latches open no comparator counts as high.
        history, closed, opening = Signal(4), Signal(), Signal(init=1)
        here, before = Signal(self.width), Signal(self.width)
        m.d.sync += [opening.eq(0), history.eq(Cat(self.comparator & ~opening, history))]
        with m.If(history[2] & ~history[3]):
            m.d.sync += [closed.eq(1), here.eq(shown), before.eq(shown_before)]

        kept = Cat(latches.signal)
        value = Signal(self.width)
        m.d.comb += [
            value.eq(kept if self.binary_count else gray_decode(kept)),
            Assert(counter.gray == gray_encode(shown), "the counter counts"),
            Assert((here == before) | (here == before + 1), "by one"),
            Assert(~closed | (value == here) | (value == before), "off by one at most"),
            Cover(closed & (value == before) & (here != before) & (before == 3), "late"),
            Cover(closed & (value == here) & (here != before) & (before == 3), "in time"),
        ]
        return m
