# SPDX-License-Identifier: Apache-2.0
"""How many pixels of a frame carry a mark."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["PixelCount"]


class PixelCount(wiring.Component):
    """Counts marked lanes; the sum of a frame stands from its end to the end of the next.

    A frame whose last beat never comes is counted with the next one.

    Saturates at 2**24 - 1. ``count`` changes 3 clocks after the last beat.

    Parameters
    ----------
    lanes : int

    Members
    -------
    marks : In(bit per lane), valid : In(1), last : In(1)
        ``last`` marks the last beat of the frame.
    count : Out(24)
    """

    def __init__(self, lanes: int):
        self.lanes = lanes
        super().__init__({
            "marks": In(lanes), "valid": In(1), "last": In(1),
            "count": Out(24),
        })

    def elaborate(self, platform):
        m = Module()
        added = Signal(range(self.lanes + 1), reset_less=True)
        adds, ends = Signal(), Signal(2)
        total = Signal(25)
        m.d.sync += [
            added.eq(sum((mark for mark in self.marks), Const(0, 1))),
            adds.eq(self.valid),
            ends.eq(Cat(self.valid & self.last, ends)),
        ]
        # Once the top bit is set the sum has left 24 bits and stays there.
        with m.If(ends[1]):
            m.d.sync += [
                self.count.eq(Mux(total[24], (1 << 24) - 1, total)),
                total.eq(Mux(adds, added, 0)),
            ]
        with m.Elif(adds & ~total[24]):
            m.d.sync += total.eq(total + added)
        return m
