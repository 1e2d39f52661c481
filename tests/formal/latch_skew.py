# SPDX-License-Identifier: Apache-2.0
"""What is proved about the counter and one column latch, as a design for the model checker."""

from typing import Any

from amaranth import *
from amaranth.hdl import Assert, Assume, Cover

from tapetum.adc.column_latches import ColumnLatches
from tapetum.adc.column_memories import ColumnMemories
from tapetum.adc.gray import GrayCounter, gray_decode, gray_encode
from tapetum.config import AdcConfig, DieConfig
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
    memories : DieConfig
        Keep the count in a memory, and read it behind a copy.
    """

    def __init__(self, config: AdcConfig, *, binary_count: bool = False,
                 memories: DieConfig | None = None):
        self.config, self.binary_count, self.memories = config, binary_count, memories
        self.width = config.bits + 1
        self.domain = ClockDomain("sync", reset_less=True)
        self.skewed = Signal(self.width)
        self.comparator = Signal()
        self.enable = Signal()

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = self.domain
        m.submodules.counter = counter = GrayCounter(self.width)
        closed, copied = Signal(), Signal()
        if self.memories is None:
            latches: Any = ColumnLatches(self.config, columns=1, reset_banks=1)
            kept, seen = Cat(latches.signal), closed
        else:
            latches = ColumnMemories(self.memories, columns=1, counter_domain="sync")
            kept, seen = Cat(plane.any() for plane in latches.found[:self.width]), Signal()
            m.d.sync += [copied.eq(closed), seen.eq(copied)]
            m.d.comb += [latches.copy.eq((closed & ~copied).replicate(latches.strobe_copies)),
                         latches.select.eq(1)]
        m.submodules.latches = latches

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
        history, opening = Signal(4), Signal(init=1)
        here, before = Signal(self.width), Signal(self.width)
        m.d.sync += [opening.eq(0), history.eq(Cat(self.comparator & ~opening, history))]
        with m.If(history[2] & ~history[3] & ~copied):
            m.d.sync += [closed.eq(1), here.eq(shown), before.eq(shown_before)]

        if self.memories is not None:
            # The halves are changed over in a clock of the columns, and by the next one.
            moved = history[2] & ~history[3]
            m.d.comb += Assume(~(copied & ~seen & moved), "a ramp has ended before its copy")
        value = Signal(self.width)
        m.d.comb += [
            value.eq(kept if self.binary_count else gray_decode(kept)),
            Assert(counter.gray == gray_encode(shown), "the counter counts"),
            Assert((here == before) | (here == before + 1), "by one"),
            Assert(~seen | (value == here) | (value == before), "off by one at most"),
            Cover(seen & (value == before) & (here != before) & (before == 3), "late"),
            Cover(seen & (value == here) & (here != before) & (before == 3), "in time"),
        ]
        return m
