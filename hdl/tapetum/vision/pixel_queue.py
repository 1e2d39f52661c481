# SPDX-License-Identifier: Apache-2.0
"""One pixel a clock out of beats of several."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..stream.queue import Queue
from .region_cut import CutPixels

__all__ = ["PixelQueue"]

_MARGIN = 4


class PixelQueue(wiring.Component):
    """Hands the region's pixels on one by one, from left to right.

    With several lanes a row waits in a queue that holds what a row of the array leaves over while
    it comes. Lines must be longer than rows have pixels, or the queue overflows in the end.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CutPixels), always ready
    clear : In(1)
        Forgets what waits.
    valid : Out(1), value : Out(24)
        Holds still while not valid.
    overflow : Out(1)
        A beat was lost.
    """

    latency_cycles = 1

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(CutPixels(config.lanes), always_ready=True)),
            "clear": In(1), "valid": Out(1), "value": Out(24), "overflow": Out(1),
        })

    @property
    def depth(self) -> int:
        """Beats."""
        lanes = self.config.lanes
        return self.config.array.columns // lanes * (lanes - 1) // lanes + _MARGIN

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.lanes
        if lanes == 1:
            m.d.sync += self.valid.eq(self.i.valid & ~self.clear)
            with m.If(self.i.valid):
                m.d.sync += self.value.eq(self.i.payload.values[0])
            return m

        queue = Queue(CutPixels(lanes), self.depth)
        m.submodules.queue = ResetInserter(self.clear)(queue)
        head, left, values = queue.o, Signal(lanes), Signal(24 * lanes, reset_less=True)
        m.d.comb += [
            queue.i.valid.eq(self.i.valid), queue.i.payload.eq(self.i.payload),
            head.ready.eq(~left[1:].any()),
        ]
        m.d.sync += [
            self.overflow.eq(self.i.valid & ~queue.i.ready),
            self.valid.eq(left[0] & ~self.clear), left.eq(Mux(self.clear, 0, left >> 1)),
        ]
        with m.If(left[0]):
            m.d.sync += self.value.eq(values[:24])
        with m.If(left.any()):
            m.d.sync += values.eq(values >> 24)
        with m.If(head.valid & head.ready):
            m.d.sync += [values.eq(Value.cast(head.payload.values)),
                         left.eq(Mux(self.clear, 0, head.payload.inside))]
        return m
