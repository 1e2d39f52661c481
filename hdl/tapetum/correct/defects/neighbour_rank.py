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
    Latency 5 clocks, one pixel per clock.

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

    latency_cycles = 5

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
            held = Signal(len(value), name=name, reset_less=True)
            m.d.sync += held.eq(value)
            return held

        # The columns on both sides: which is larger, then the choice.
        has_left, has_right = self.has_left, self.has_right
        left_is_larger, left_is_smaller = {}, {}
        for member in ("high", "second", "penultimate", "low"):
            larger = Signal(name=f"larger_{member}")
            m.d.comb += larger.eq(right[member] < left[member])
            left_is_larger[member] = register(f"left_is_larger_{member}",
                                              has_left & (larger | ~has_right))
            left_is_smaller[member] = register(f"left_is_smaller_{member}",
                                               has_left & (~larger | ~has_right))
        left, right, centre = (delayed(m, column, 1, name=name) for column, name in
                               ((left, "left"), (right, "right"), (centre, "centre")))

        def larger_side(member: str) -> Value:
            return Mux(left_is_larger[member], left[member], right[member])

        def smaller_side(member: str) -> Value:
            return Mux(left_is_smaller[member], left[member], right[member])

        high, high_other = (register("high", larger_side("high")),
                            register("high_other", smaller_side("high")))
        low, low_other = (register("low", smaller_side("low")),
                          register("low_other", larger_side("low")))
        second = register("second", larger_side("second"))
        penultimate = register("penultimate", smaller_side("penultimate"))
        pair_high, pair_low = (register("pair_high", centre.pair_high),
                               register("pair_low", centre.pair_low))
        both_sides = delayed(m, register("both_sides", has_left & has_right), 1,
                             name="both_sides")

        # Their second, beside it the extremes of columns and pair that lost.
        sides_high = register("sides_high", _larger(high_other, second, both_sides))
        sides_low = register("sides_low", _smaller(low_other, penultimate, both_sides))
        met_high = register("met_high", _smaller(high, pair_high))
        met_low = register("met_low", _larger(low, pair_low))
        both_rows = delayed(m, self.has_both_rows, 2, name="both_rows")

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
            self.pixel.eq(delayed(m, centre.centre, self.latency_cycles - 1, name="pixel")),
        ]
        return m


_YES = Const(1, 1)


def _larger(a: Value, b: Value, has_a: Value = _YES, has_b: Value = _YES) -> Value:
    """The larger of those that exist; both functions share the one comparison."""
    return Mux(has_a & ((b < a) | ~has_b), a, b)


def _smaller(a: Value, b: Value, has_a: Value = _YES, has_b: Value = _YES) -> Value:
    return Mux(has_a & (~(b < a) | ~has_b), a, b)
