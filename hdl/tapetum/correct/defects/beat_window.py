# SPDX-License-Identifier: Apache-2.0
"""A beat with those before and behind it."""

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BeatWindow", "beats_around"]


def beats_around(columns: int, lanes: int) -> int:
    """Beats on each side in which ``columns`` columns on that side of any lane lie."""
    return -(-columns // lanes)


class BeatWindow(wiring.Component):
    """Shows each beat of a row together with its neighbours.

    Beats move only as new ones come; behind the last of a row the window moves on by itself, once
    per clock, until that row is out of sight of the next. What lies beyond the ends of the row is
    not present. Rows must be further apart than the window is long. A beat is in the centre
    ``ahead`` beats and a clock after it came.

    Parameters
    ----------
    shape : ShapeLike
    behind, ahead : int
        Beats to the left and to the right of the centre.

    Members
    -------
    i : In(shape), last, valid : In(1)
    beats : Out(shape per place)
        From left to right: ``beats[behind]`` is the centre.
    present : Out(1 per place)
    centre_valid, centre_last : Out(1)
        A beat has come to the centre.
    drop : In(1)
        Empties the window.
    """

    def __init__(self, shape: ShapeLike, *, behind: int, ahead: int):
        self.shape, self.behind, self.ahead = shape, behind, ahead
        places = behind + 1 + ahead
        super().__init__({
            "i": In(shape), "last": In(1), "valid": In(1),
            "beats": Out(data.ArrayLayout(shape, places)), "present": Out(places),
            "centre_valid": Out(1), "centre_last": Out(1), "drop": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        places, centre = self.behind + 1 + self.ahead, self.behind
        present, lasts = Signal(places), Signal(places, reset_less=True)
        draining, moves, moved = Signal(max(self.behind, self.ahead)), Signal(), Signal()
        m.d.comb += moves.eq(self.valid | draining.any())
        m.d.sync += [
            moved.eq(moves & ~self.drop),
            draining.eq(Cat(self.valid & self.last, draining)[:len(draining)]),
        ]
        beats = [Signal(self.shape, name=f"beat_{place}", reset_less=True)
                 for place in range(places)]
        with m.If(moves):
            for left, right in zip(beats, [*beats[1:], self.i], strict=True):
                m.d.sync += left.eq(right)
            m.d.sync += [present.eq(Cat(present[1:], self.valid)),
                         lasts.eq(Cat(lasts[1:], self.last))]
        with m.If(self.drop):
            m.d.sync += [present.eq(0), draining.eq(0)]
        m.d.comb += [
            self.present.eq(present),
            self.centre_valid.eq(moved & present[centre]),
            self.centre_last.eq(lasts[centre]),
            *[port.eq(held) for port, held in zip(self.beats, beats, strict=True)],
        ]
        return m
