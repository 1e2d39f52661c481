# SPDX-License-Identifier: Apache-2.0
"""Symbols of a monitor to pairs of bits for double-rate pads."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..picture.dvi_channels import CHANNELS, DviSymbols

__all__ = ["CLOCK_SYMBOL", "SHIFT_CLOCKS", "DviSerialiser"]

SHIFT_CLOCKS = 5
"""Of ``shift`` for each of ``pixel``: two bits leave in each."""
CLOCK_SYMBOL = 0b0000011111
_SYMBOL_BITS = 10


class DviSerialiser(wiring.Component):
    """Four serial lines: `CHANNELS`, then the clock.

    ``shift`` and ``pixel`` come from one PLL; a symbol is taken two or three clocks of ``shift``
    after it has changed, and stands for five.

    Members
    -------
    symbols : In(DviSymbols), in ``pixel``
    bits : Out(ArrayLayout(2, 4)), in ``shift``
        Of each line, the first one lowest.
    """

    symbols: In(DviSymbols())
    bits: Out(data.ArrayLayout(2, len(CHANNELS) + 1))

    def elaborate(self, platform):
        m = Module()
        turn, before, now, takes = Signal(), Signal(), Signal(), Signal()
        m.d.pixel += turn.eq(~turn)
        m.d.shift += [now.eq(turn), before.eq(now), takes.eq(now != before)]
        lines = [*(self.symbols[number] for number in range(len(CHANNELS))),
                 C(CLOCK_SYMBOL, _SYMBOL_BITS)]
        for number, symbol in enumerate(lines):
            waiting = Signal(_SYMBOL_BITS, name=f"waiting_{number}")
            m.d.shift += waiting.eq(Mux(takes, symbol, waiting >> 2))
            m.d.comb += self.bits[number].eq(waiting[:2])
        return m
