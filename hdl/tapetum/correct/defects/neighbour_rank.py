# SPDX-License-Identifier: Apache-2.0
"""Second largest and second smallest of the neighbours of the same colour."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
from ...pixel import corrected_bits
from ...stream.delay import delayed
from .column_sort import SortedColumn

__all__ = ["NeighbourRank"]


class NeighbourRank(wiring.Component):
    """Merges three sorted columns: 8 neighbours, 5 at a border, 3 in a corner.

    One defective neighbour, however wrong, is never the result. Neighbours beyond the frame do not
    count; nothing takes their place, for a mirror image would let one defect count twice.
    Latency 4 clocks, one pixel per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    left, centre, right : In(SortedColumn)
        Columns -2, 0 and 2.
    has_left, has_right : In(1)
        These exist; at least one must.
    has_both_rows : In(1)
        Rows -2 and 2 exist; a clock after the columns.
    high, low : Out(code)
        Second largest, second smallest.
    pixel : Out(code)
        The pixel itself, as late.
    """

    latency_cycles = 4

    def __init__(self, config: DieConfig):
        self.config = config
        bits = corrected_bits(config)
        super().__init__({
            "left": In(SortedColumn(config)), "centre": In(SortedColumn(config)),
            "right": In(SortedColumn(config)),
            "has_left": In(1), "has_right": In(1), "has_both_rows": In(1),
            "high": Out(bits), "low": Out(bits), "pixel": Out(bits),
        })

    def elaborate(self, platform):
        m = Module()
        left, right, centre = self.left, self.right, self.centre

        def register(name: str, value: Value) -> Signal:
            held = Signal(len(self.pixel), name=name, reset_less=True)
            m.d.sync += held.eq(value)
            return held

        # The columns on both sides.
        sides = self.has_left, self.has_right
        high = register("high", _larger(left.high, right.high, *sides))
        high_other = register("high_other", _smaller(left.high, right.high))
        second = register("second", _larger(left.second, right.second, *sides))
        low = register("low", _smaller(left.low, right.low, *sides))
        low_other = register("low_other", _larger(left.low, right.low))
        penultimate = register("penultimate",
                               _smaller(left.penultimate, right.penultimate, *sides))
        pair_high, pair_low = (register("pair_high", centre.pair_high),
                               register("pair_low", centre.pair_low))
        both_sides = Signal(reset_less=True)
        m.d.sync += both_sides.eq(self.has_left & self.has_right)

        # Their second, beside it the extremes of columns and pair that lost.
        sides_high = register("sides_high", _larger(high_other, second, both_sides))
        sides_low = register("sides_low", _smaller(low_other, penultimate, both_sides))
        met_high = register("met_high", _smaller(high, pair_high))
        met_low = register("met_low", _larger(low, pair_low))
        both_rows = Signal(reset_less=True)
        m.d.sync += both_rows.eq(self.has_both_rows)

        # At the border of the frame the pair is one pixel: it has no other.
        rest_high = register("rest_high", _larger(
            delayed(m, pair_low, 1, name="pair_low"), sides_high, both_rows))
        rest_low = register("rest_low", _smaller(
            delayed(m, pair_high, 1, name="pair_high"), sides_low, both_rows))
        met_high, met_low = (delayed(m, met_high, 1, name="met_high"),
                             delayed(m, met_low, 1, name="met_low"))
        m.d.comb += [
            self.high.eq(register("second_largest", _larger(met_high, rest_high))),
            self.low.eq(register("second_smallest", _smaller(met_low, rest_low))),
            self.pixel.eq(delayed(m, centre.centre, self.latency_cycles, name="pixel")),
        ]
        return m


_YES = Const(1, 1)


def _larger(a: Value, b: Value, has_a: Value = _YES, has_b: Value = _YES) -> Value:
    """The larger of those that exist."""
    return Mux(has_a & ((a > b) | ~has_b), a, b)


def _smaller(a: Value, b: Value, has_a: Value = _YES, has_b: Value = _YES) -> Value:
    return Mux(has_a & (~(a > b) | ~has_b), a, b)
