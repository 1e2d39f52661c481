# SPDX-License-Identifier: Apache-2.0
"""What the shielded pixels of a row have in common, whatever one of them does."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig

__all__ = ["ShieldedMean"]

GROUPS = 4


class ShieldedMean(wiring.Component):
    """Mean of the three of four groups of shielded pixels that agree best.

    The shielded columns make four groups of neighbours. The group farthest from the mean of all is
    the highest or the lowest; it is left out, so that one bad pixel, or a pair of them, does not
    count, and unlike with a trimmed mean the rest is not shifted by that. ::

        beat ─► 4 group sums ─► highest, lowest, total ─► total - farther ─► x 85/256 ─► mean

    85/256 stands for a third: 0.4 % too little, so that nothing is corrected too far. Rounds half
    up. ``done`` is high for one clock, 8 clocks after the first unshielded beat of the row;
    ``mean`` holds until the next ``done``. Assumes all shielded columns, first in the row.

    Parameters
    ----------
    config : DieConfig
    bits : int
        Of the values, signed.

    Members
    -------
    values : In(signed(bits) per lane)
    shielded, line_last, valid : In(1)
        Of the beat.
    mean : Out(signed(bits)), done : Out(1)
    """

    latency_cycles = 8

    def __init__(self, config: DieConfig, bits: int):
        self.config, self.bits = config, bits
        super().__init__({
            "values": In(data.ArrayLayout(signed(bits), config.lanes)),
            "shielded": In(1),
            "line_last": In(1),
            "valid": In(1),
            "mean": Out(signed(bits)),
            "done": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.lanes
        pixels = self.config.array.optical_black_columns // GROUPS
        pixels_log2 = pixels.bit_length() - 1
        width = self.bits + pixels_log2

        # Clock 1: lanes of one group are added. With few columns a beat holds several groups.
        together = min(lanes, pixels)
        parts = [Signal(signed(width), name=f"part_{index}", reset_less=True)
                 for index in range(lanes // together)]
        counted, last_taken = Signal(), Signal()
        awaited = Signal(init=1)
        m.d.sync += [
            counted.eq(self.valid & self.shielded),
            last_taken.eq(self.valid & ~self.shielded & awaited),
        ]
        for index, part in enumerate(parts):
            first = index * together
            m.d.sync += part.eq(sum(self.values[lane] for lane in range(first, first + together)))
        with m.If(self.valid):
            m.d.sync += awaited.eq(self.shielded | self.line_last)

        # Clock 2: groups shift through, the newest still growing.
        groups = Signal(data.ArrayLayout(signed(width), GROUPS), reset_less=True)
        beats = pixels // together
        beat = Signal(range(max(2, beats)))
        with m.If(counted):
            with m.If(beat == 0):
                m.d.sync += Value.cast(groups).eq(Cat(*reversed(parts), Value.cast(groups)))
            with m.Else():
                m.d.sync += groups[0].eq(groups[0] + parts[0])
            m.d.sync += beat.eq(Mux(beat == beats - 1, 0, beat + 1))
        with m.If(last_taken):
            m.d.sync += beat.eq(0)

        # Clocks 3 and 4: the extremes and the total.
        higher = [Signal(signed(width), name=f"higher_{pair}", reset_less=True) for pair in (0, 1)]
        lower = [Signal(signed(width), name=f"lower_{pair}", reset_less=True) for pair in (0, 1)]
        halves = [Signal(signed(width + 1), name=f"half_{pair}", reset_less=True)
                  for pair in (0, 1)]
        for pair in (0, 1):
            one, other = groups[2 * pair], groups[2 * pair + 1]
            ordered = Signal(name=f"ordered_{pair}")
            m.d.comb += ordered.eq(one > other)
            m.d.sync += [
                higher[pair].eq(Mux(ordered, one, other)),
                lower[pair].eq(Mux(ordered, other, one)),
                halves[pair].eq(one + other),
            ]
        highest, lowest = (Signal(signed(width), name=name, reset_less=True)
                           for name in ("highest", "lowest"))
        total = Signal(signed(width + 2), reset_less=True)
        m.d.sync += [
            highest.eq(Mux(higher[0] > higher[1], higher[0], higher[1])),
            lowest.eq(Mux(lower[0] < lower[1], lower[0], lower[1])),
            total.eq(halves[0] + halves[1]),
        ]

        # Clocks 5 to 7: leave out the farther one, take a third of the rest.
        extremes = Signal(signed(width + 1), reset_less=True)
        farther = Signal(signed(width), reset_less=True)
        kept = Signal(signed(width + 2), reset_less=True)
        fivefold = Signal(signed(width + 5), reset_less=True)
        m.d.sync += [
            extremes.eq(highest + lowest),
            farther.eq(Mux((extremes << 1) > total, highest, lowest)),
            kept.eq(total - farther),
            fivefold.eq(kept + (kept << 2)),
        ]
        steps = Signal(self.latency_cycles - 2)
        m.d.sync += [steps.eq(Cat(last_taken, steps)), self.done.eq(steps[-1])]
        with m.If(steps[-1]):
            shift = 8 + pixels_log2
            rounded = fivefold + (fivefold << 4) + (1 << (shift - 1))
            m.d.sync += self.mean.eq(rounded >> shift)
        return m
