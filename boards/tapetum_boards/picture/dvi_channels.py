# SPDX-License-Identifier: Apache-2.0
"""Three channels of symbols for a monitor."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .screen import Beam
from .tmds_encoder import TmdsEncoder

__all__ = ["CHANNELS", "DviChannels", "DviSymbols"]

CHANNELS = ("blue", "green", "red")
"""Blue, the first, carries the syncs (DVI 1.0, 2.2.2)."""


class DviSymbols(data.ArrayLayout):
    """A symbol for each of `CHANNELS`; bit 0 leaves first."""

    def __init__(self):
        super().__init__(10, len(CHANNELS))


class DviChannels(wiring.Component):
    """Latency: that of `TmdsEncoder`. Runs in the pixel clock.

    Members
    -------
    beam : In(Beam)
    symbols : Out(DviSymbols)
    """

    beam: In(Beam)
    symbols: Out(DviSymbols())

    def elaborate(self, platform):
        m = Module()
        for number, name in enumerate(CHANNELS):
            m.submodules[name] = encoder = TmdsEncoder()
            m.d.comb += [encoder.level.eq(self.beam[name]), encoder.visible.eq(self.beam.visible),
                         self.symbols[number].eq(encoder.symbol)]
            if number == 0:
                m.d.comb += encoder.control.eq(Cat(self.beam.column_sync, self.beam.row_sync))
        return m
