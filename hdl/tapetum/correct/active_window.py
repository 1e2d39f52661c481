# SPDX-License-Identifier: Apache-2.0
"""From all that is converted to what is picture."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import CodePixels, RowKind, corrected_bits

__all__ = ["ActiveWindow"]


class ActiveWindow(wiring.Component):
    """Drops test and optical-black rows and optical-black columns.

    The last stage of correction, since the others live on what it drops. Latency 1 clock, one
    beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i, o : streams of CodePixels, always ready
        Corrected codes.
    """

    def __init__(self, config: DieConfig):
        shape = CodePixels(config.lanes, corrected_bits(config))
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "o": Out(stream.Signature(shape, always_ready=True)),
        })

    def elaborate(self, platform):
        m = Module()
        out = Signal.like(self.o.payload, reset_less=True)
        out_valid = Signal()
        pixels = self.i.payload
        m.d.sync += [
            out.eq(pixels),
            out_valid.eq(self.i.valid & ~pixels.optical_black
                         & (pixels.tag.row_kind == RowKind.ACTIVE)),
        ]
        m.d.comb += [self.o.valid.eq(out_valid), self.o.payload.eq(out)]
        return m
