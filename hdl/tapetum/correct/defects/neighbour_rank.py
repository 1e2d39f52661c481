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
        m.d.comb += [
            self.high.eq(self._second(m, "largest", "high", "second")),
            self.low.eq(self._second(m, "smallest", "low", "penultimate")),
            self.pixel.eq(delayed(m, self.centre.centre, self.latency_cycles, name="pixel")),
        ]
        return m

    def _second(self, m: Module, name: str, extreme: str, next_to_it: str) -> Value:
        """Second largest or second smallest; an ``extreme`` lies further out than what is
        ``next_to_it``.

        Of two sorted pairs, that with the further extreme has the first; the second is the other
        extreme or what is next to the first. So each merge takes two comparisons.
        """
        is_high = extreme == "high"
        pair_first, pair_second = (("pair_high", "pair_low") if is_high
                                   else ("pair_low", "pair_high"))

        def register(label: str, value: Value, cycles: int = 1) -> Value:
            return delayed(m, value, cycles, name=f"{name}_{label}")

        def beyond(label: str, a: Value, b: Value) -> Value:
            flag = Signal(name=f"{name}_{label}_is_beyond")
            m.d.comb += flag.eq(b < a if is_high else a < b)
            return flag

        # The columns on both sides.
        left, right, has_left, has_right = self.left, self.right, self.has_left, self.has_right
        is_left = beyond("left", left[extreme], right[extreme])
        wins = register("left_wins", has_left & (is_left | ~has_right))
        both = register("both_sides", has_left & has_right, 2)
        left, right = (register(side, Cat(column[extreme], column[next_to_it]))
                       for side, column in (("left", left), ("right", right)))
        bits = len(self.pixel)
        first = register("first", Mux(wins, left[:bits], right[:bits]))
        loser = register("loser", Mux(wins, right[:bits], left[:bits]))
        behind = register("behind", Mux(wins, left[bits:], right[bits:]))
        second = register("second", Mux(both & beyond("loser", loser, behind), loser, behind))

        # And the pair between them, at the border of the frame a single pixel.
        pair_early = register("pair_early", self.centre[pair_first], 2)
        is_sides = register("sides_win", beyond("sides", first, pair_early))
        first = register("first_of_sides", first)
        pair = register("pair", pair_early), register("pair_second", self.centre[pair_second], 3)
        has_both_rows = register("has_both_rows", self.has_both_rows, 2)
        other = register("other", Mux(is_sides, pair[0], first))
        rest = register("rest", Mux(is_sides, second, pair[1]))
        has_rest = register("has_rest", is_sides | has_both_rows)
        return register("out", Mux(has_rest & beyond("rest", rest, other), rest, other))
