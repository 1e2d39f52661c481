# SPDX-License-Identifier: Apache-2.0
"""Ends a chain of ``ready`` through stages that wait for each other."""

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SkidBuffer"]


class SkidBuffer(wiring.Component):
    """Takes what its source offers before it knows whether it can be handed on.

    ``i.ready`` is a register, so what stands before does not wait for what stands behind.
    Latency none, one payload per clock.

    Parameters
    ----------
    shape : ShapeLike
        Payload.

    Members
    -------
    i : In(stream), o : Out(stream)
    """

    def __init__(self, shape: ShapeLike):
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        m = Module()
        offered, left = Value.cast(self.i.payload), Value.cast(self.o.payload)
        kept, is_kept = Signal(len(offered), reset_less=True), Signal()
        m.d.comb += [
            self.i.ready.eq(~is_kept), self.o.valid.eq(is_kept | self.i.valid),
            left.eq(Mux(is_kept, kept, offered)),
        ]
        m.d.sync += is_kept.eq(self.o.valid & ~self.o.ready)
        with m.If(~is_kept):
            m.d.sync += kept.eq(offered)
        return m
