# SPDX-License-Identifier: Apache-2.0
"""Bytes to the symbols of one DVI channel."""

from functools import reduce
from operator import add

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["CONTROL_SYMBOLS", "TMDS_LATENCY_CYCLES", "TmdsEncoder"]

CONTROL_SYMBOLS = (0b1101010100, 0b0010101011, 0b0101010100, 0b1010101011)
"""Symbols of the blanking by the two control bits (DVI 1.0, 3.3.2)."""
TMDS_LATENCY_CYCLES = 3


class TmdsEncoder(wiring.Component):
    """Transition-minimised, balanced symbols: DVI 1.0, 3.2.2 and figure 3-5.

    Latency: 3 clocks. Throughput: a symbol per clock.

    Members
    -------
    level : In(8)
        Shown while ``visible``.
    visible : In(1)
    control : In(2)
        Sent in the blanking.
    symbol : Out(10)
        Bit 0 leaves first.
    """

    level: In(8)
    visible: In(1)
    control: In(2)
    symbol: Out(10)

    def elaborate(self, platform):
        m = Module()
        # Fewest transitions: chained exclusive or, or its complement where that has fewer.
        ones = reduce(add, self.level)
        complemented = Signal()
        m.d.comb += complemented.eq((ones > 4) | ((ones == 4) & ~self.level[0]))
        minimised = Signal(9, reset_less=True)
        visible, control = Signal(), Signal(2, reset_less=True)
        m.d.sync += [
            Cat(minimised[:8]).eq(Cat(
                self.level[:place + 1].xor() ^ (complemented & (place % 2 == 1))
                for place in range(8))),
            minimised[8].eq(~complemented),
            visible.eq(self.visible), control.eq(self.control),
        ]

        # Half of its ones less the zeros, from -4 to 4.
        excess = Signal(signed(4), reset_less=True)
        word = Signal(9, reset_less=True)
        shown, blanked = Signal(), Signal(2, reset_less=True)
        m.d.sync += [
            excess.eq(reduce(add, minimised[:8]) - 4), word.eq(minimised),
            shown.eq(visible), blanked.eq(control),
        ]

        # Balance: invert what would lead further from as many ones as zeros.
        balance = Signal(signed(5))
        even = Signal()
        inverted = Signal()
        m.d.comb += [
            even.eq((balance == 0) | (excess == 0)),
            inverted.eq(Mux(even, ~word[8], (balance < 0) == (excess < 0))),
        ]
        with m.If(shown):
            m.d.sync += [
                self.symbol.eq(Cat(word[:8] ^ inverted.replicate(8), word[8], inverted)),
                # Bits 8 and 9 count as well: by one pair where they agree.
                balance.eq(balance + Mux(inverted, -excess, excess)
                           + (word[8] & inverted) - (~word[8] & ~inverted)),
            ]
        with m.Else():
            m.d.sync += [self.symbol.eq(Array(CONTROL_SYMBOLS)[blanked]), balance.eq(0)]
        return m
