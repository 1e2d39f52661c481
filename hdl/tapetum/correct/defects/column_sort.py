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
        falls = Signal()
        m.d.comb += falls.eq(self.rows[4] < self.rows[0])

        def register(name: str, value: Value) -> Signal:
            held = Signal(len(value), name=name, reset_less=True)
            m.d.sync += held.eq(value)
            return held

        # A comparison, then the choice: apart, each takes its least; "less than" needs but a carry.
        # A row that is missing is replaced by its mirror image, by choosing that twice.
        top, centre, bottom = (register(name, self.rows[row])
                               for name, row in (("top", 0), ("centre", 2), ("bottom", 4)))
        top_is_high = register("top_is_high", self.above & (falls | ~self.below))
        top_is_low = register("top_is_low", self.above & (~falls | ~self.below))
        pair_high = register("pair_high", Mux(top_is_high, top, bottom))
        pair_low = register("pair_low", Mux(top_is_low, top, bottom))
        centre = register("centre_paired", centre)

        over, under, whole = Signal(), Signal(), self.above & self.below
        m.d.comb += [over.eq(pair_high < centre), under.eq(centre < pair_low)]
        is_high, is_low = register("is_high", over), register("is_low", under)
        second_high = register("second_high", over & whole)
        second_low = register("second_low", (under & whole) | (over & ~whole))
        penultimate_low = register("penultimate_low", under & whole)
        penultimate_high = register("penultimate_high", (over & whole) | (under & ~whole))
        pair_high, pair_low, centre = (register("pair_high_compared", pair_high),
                                       register("pair_low_compared", pair_low),
                                       register("centre_compared", centre))

        o = Signal.like(self.o, reset_less=True)
        m.d.comb += self.o.eq(o)
        m.d.sync += [
            o.high.eq(Mux(is_high, centre, pair_high)),
            o.low.eq(Mux(is_low, centre, pair_low)),
            o.second.eq(Mux(second_high, pair_high, Mux(second_low, pair_low, centre))),
            o.penultimate.eq(Mux(penultimate_low, pair_low,
                                 Mux(penultimate_high, pair_high, centre))),
            o.pair_high.eq(pair_high), o.pair_low.eq(pair_low), o.centre.eq(centre),
        ]
        return m
