# SPDX-License-Identifier: Apache-2.0
"""From codes above black to the linear scale."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import corrected_bits
from .ranking import RankSettings

__all__ = ["Normalise"]


class Normalise(wiring.Component):
    """``(code * mantissa) >> shift``, rounded half up, saturated to 25 bits signed.

    Latency 5 clocks, one pixel per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    above_black : In(signed), in corrected units
    settings : In(RankSettings)
    value : Out(signed(25)), in LSB of the linear frame, black at 0
    """

    latency_cycles = 5

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "above_black": In(signed(corrected_bits(config) + 1)),
            "settings": In(RankSettings),
            "value": Out(signed(25)),
        })

    def elaborate(self, platform):
        m = Module()
        width = corrected_bits(self.config) + 1 + 16
        product = Signal(signed(width), reset_less=True)
        # The shift by 0 to 31 in two steps, multiples of four, then the rest; one more bit than
        # wanted remains to round by.
        coarse = Signal(signed(width + 1), reset_less=True)
        halves = Signal(signed(width + 1), reset_less=True)
        rounded = Signal(signed(width + 1), reset_less=True)
        m.d.sync += [
            product.eq(self.above_black * self.settings.mantissa),
            coarse.eq((product << 1) >> (self.settings.shift[2:] << 2)),
            halves.eq(coarse >> self.settings.shift[:2]),
            rounded.eq((halves + 1) >> 1),
        ]
        high, low = (1 << 24) - 1, -(1 << 24)
        with m.If(rounded > high):
            m.d.sync += self.value.eq(high)
        with m.Elif(rounded < low):
            m.d.sync += self.value.eq(low)
        with m.Else():
            m.d.sync += self.value.eq(rounded)
        return m
