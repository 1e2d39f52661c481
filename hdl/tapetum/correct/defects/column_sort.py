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

    Latency 2 clocks, one column per clock.

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

    latency_cycles = 2

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "rows": In(data.ArrayLayout(corrected_bits(config), ROWS)),
            "above": In(1), "below": In(1),
            "o": Out(SortedColumn(config)),
        })

    def elaborate(self, platform):
        m = Module()
        top, centre, bottom = self.rows[0], self.rows[2], self.rows[4]
        pair_high, pair_low, middle = (Signal(len(top), name=name, reset_less=True)
                                       for name in ("pair_high", "pair_low", "middle"))
        whole = Signal(reset_less=True)
        top_is_high, top_is_low, falls = Signal(), Signal(), Signal()
        # A row that is missing is replaced by its mirror image, by choosing that twice.
        m.d.comb += [
            falls.eq(top > bottom),
            top_is_high.eq(self.above & (falls | ~self.below)),
            top_is_low.eq(self.above & (~falls | ~self.below)),
        ]
        m.d.sync += [
            pair_high.eq(Mux(top_is_high, top, bottom)),
            pair_low.eq(Mux(top_is_low, top, bottom)),
            middle.eq(centre),
            whole.eq(self.above & self.below),
        ]

        o = Signal.like(self.o, reset_less=True)
        over, under = Signal(), Signal()
        m.d.comb += [over.eq(middle > pair_high), under.eq(middle < pair_low), self.o.eq(o)]
        m.d.sync += [
            o.high.eq(Mux(over, middle, pair_high)),
            o.low.eq(Mux(under, middle, pair_low)),
            o.second.eq(_choose(over & whole, pair_high, (under & whole) | over, pair_low, middle)),
            o.penultimate.eq(_choose(under & whole, pair_low, (over & whole) | under, pair_high,
                                     middle)),
            o.pair_high.eq(pair_high), o.pair_low.eq(pair_low), o.centre.eq(middle),
        ]
        return m


def _choose(is_first: Value, first: Value, is_second: Value, second: Value,
            otherwise: Value) -> Value:
    return Mux(is_first, first, Mux(is_second, second, otherwise))
