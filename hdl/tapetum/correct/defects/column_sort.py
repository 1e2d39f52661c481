# SPDX-License-Identifier: Apache-2.0
"""The three pixels of one colour in a column, in order of size."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
from ...pixel import corrected_bits
from .line_store import ROWS

__all__ = ["ColumnSort", "SortedColumn"]


class SortedColumn(data.StructLayout):
    """A column, sorted; every pixel that exists counts once.

    Members
    -------
    high, second, penultimate, low
        Largest, second largest, second smallest, smallest of the rows -2, 0 and 2. Of two pixels,
        at the border of the frame, ``second`` is the smaller and ``penultimate`` the larger.
    pair_high, pair_low
        Of the rows -2 and 2 alone; both the same at the border.
    centre
        Row 0.
    """

    def __init__(self, config: DieConfig):
        bits = corrected_bits(config)
        super().__init__(dict.fromkeys(
            ("high", "second", "penultimate", "low", "pair_high", "pair_low", "centre"), bits))


class ColumnSort(wiring.Component):
    """Sorts each column once; every window that it stands in shares the work.

    Latency 4 clocks, one column per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    rows : In(ROWS codes)
        Index 2 is the row that leaves.
    above, below : In(1)
        The rows -2 and 2 exist; at least one must.
    o : Out(SortedColumn)
    """

    latency_cycles = 4

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "rows": In(data.ArrayLayout(corrected_bits(config), ROWS)),
            "above": In(1), "below": In(1),
            "o": Out(SortedColumn(config)),
        })

    def elaborate(self, platform):
        m = Module()
        above, below, whole = self.above, self.below, self.above & self.below

        def register(name: str, value: Value) -> Signal:
            held = Signal(len(value), name=name, reset_less=True)
            m.d.sync += held.eq(value)
            return held

        # Comparisons, then choices: apart, each takes its least; "less than" needs but a carry.
        # A row that is missing is replaced by its mirror image, by choosing that twice.
        falls, over_top, over_bottom = Signal(), Signal(), Signal()
        m.d.comb += [
            falls.eq(self.rows[4] < self.rows[0]),
            over_top.eq(self.rows[0] < self.rows[2]), over_bottom.eq(self.rows[4] < self.rows[2]),
        ]
        top_is_high = register("top_is_high", above & (falls | ~below))
        top_is_low = register("top_is_low", above & (~falls | ~below))
        is_high = register("is_high", (over_top | ~above) & (over_bottom | ~below))
        is_low = register("is_low", (~over_top | ~above) & (~over_bottom | ~below))
        top, centre, bottom = (register(name, self.rows[row])
                               for name, row in (("top", 0), ("centre", 2), ("bottom", 4)))

        pair_high = register("pair_high", Mux(top_is_high, top, bottom))
        pair_low = register("pair_low", Mux(top_is_low, top, bottom))
        is_high, is_low, centre = (register("is_high_paired", is_high),
                                   register("is_low_paired", is_low),
                                   register("centre_paired", centre))

        # What is neither the largest nor the smallest is what remains of the exclusive or of all.
        every = whole.replicate(len(centre))
        mixed = register("mixed", pair_high ^ centre ^ (pair_low & every))
        high = register("high", Mux(is_high, centre, pair_high))
        low = register("low", Mux(is_low, centre, pair_low))
        pair_high, pair_low, centre = (register("pair_high_chosen", pair_high),
                                       register("pair_low_chosen", pair_low),
                                       register("centre_chosen", centre))

        o = Signal.like(self.o, reset_less=True)
        m.d.comb += self.o.eq(o)
        m.d.sync += [
            o.high.eq(high), o.low.eq(low),
            o.second.eq(mixed ^ high ^ (low & every)),
            o.penultimate.eq(mixed ^ low ^ (high & every)),
            o.pair_high.eq(pair_high), o.pair_low.eq(pair_low), o.centre.eq(centre),
        ]
        return m
