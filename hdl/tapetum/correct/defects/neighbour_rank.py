# SPDX-License-Identifier: Apache-2.0
"""Second largest and second smallest of the neighbours of the same colour."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
from ...pixel import corrected_bits
from ...stream.delay import delayed
from .column_sort import SortedColumn

__all__ = ["NeighbourRank"]


def chosen(m: Module, values: Sequence[Value], selects: Sequence[Value], *, name: str) -> Value:
    """The value that is selected, of which there is one, a clock later.

    Each waits in a register that is cleared unless it is the one: registers can be cleared for
    nothing, and what is left is an OR, half of what a multiplexer takes.
    """
    held = []
    for index, (value, select) in enumerate(zip(values, selects, strict=True)):
        register = Signal(len(value), name=f"{name}_{index}", reset_less=True)
        m.d.sync += register.eq(value)
        with m.If(~select):
            m.d.sync += register.eq(0)
        held.append(register)
    return reduce(or_, held)


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

        All extremes are compared at once. The second is the one that follows the furthest of
        them, or what lies next to the furthest in its own column.
        """
        is_high = extreme == "high"

        def register(label: str, value: Value, cycles: int = 1) -> Value:
            return delayed(m, value, cycles, name=f"{name}_{label}")

        # Asked this way round, a carry answers: "less than" takes its inverse.
        def not_beyond(a: Value, b: Value) -> Value:
            return b >= a if is_high else a >= b

        pair_first, pair_second = (("pair_high", "pair_low") if is_high
                                   else ("pair_low", "pair_high"))
        firsts = [self.left[extreme], self.right[extreme], self.centre[pair_first]]
        seconds = [self.left[next_to_it], self.right[next_to_it], self.centre[pair_second]]
        left_right, left_pair, right_pair = (
            ~register(f"{label}_not_beyond", not_beyond(firsts[a], firsts[b]))
            for label, a, b in (("left_right", 0, 1), ("left_pair", 0, 2), ("right_pair", 1, 2)))
        has_left, has_right = (register(label, value) for label, value in
                               (("has_left", self.has_left), ("has_right", self.has_right)))

        # Of the sides, and then of that and the pair between them, which at the border of the
        # frame is a single pixel.
        is_left = has_left & (left_right | ~has_right)
        left_wins, right_wins = is_left & left_pair, ~is_left & right_pair
        left_follows = Mux(is_left, ~left_pair, has_left & right_pair & left_pair)
        right_follows = Mux(is_left, has_right & left_pair & right_pair, ~right_pair)
        follower = register("follower", chosen(
            m, [register(f"first_{place}", value) for place, value in enumerate(firsts)],
            [left_follows, right_follows, ~left_follows & ~right_follows],
            name=f"{name}_follows"))
        behind = register("behind", chosen(
            m, [register(f"second_{place}", value) for place, value in enumerate(seconds)],
            [left_wins, right_wins, ~left_wins & ~right_wins], name=f"{name}_wins"))
        has_behind = register("has_behind", register(
            "is_side", left_wins | right_wins) | register("has_both_rows", self.has_both_rows))

        behind_wins = register("behind_wins", has_behind & ~not_beyond(behind, follower))
        return register("out", Mux(behind_wins, register("behind", behind),
                                   register("follower", follower)))
