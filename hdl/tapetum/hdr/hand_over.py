# SPDX-License-Identifier: Apache-2.0
"""What one capture says about itself: whether it saturates, and how soon."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import corrected_bits
from .ranking import RankSettings

__all__ = ["FULL_WEIGHT", "HandOver", "RankedCode"]

FULL_WEIGHT = 256
"""The less sensitive side has all the weight; weights are Q1.8."""


class RankedCode(data.StructLayout):
    """One pixel in the capture at one rank; ``above_black`` in corrected units, signed."""

    def __init__(self, config: DieConfig):
        super().__init__({
            "above_black": signed(corrected_bits(config) + 1),
            "full_scale": 1,
            "present": 1,
        })


class HandOver(wiring.Component):
    """Ramp on a capture's own code, on which the less sensitive ones take over.

    ::

        weight 256 |          .----
                   |        .'
                 0 |------.'            ──► code above black
                      start  start + 2**width_log2

    Latency 4 clocks, one pixel per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    code : In(RankedCode)
    settings : In(RankSettings)
    weight : Out(9)
        Share of the less sensitive captures, 0 to 256.
    usable, present : Out(1)
        The capture is there and does not saturate; it is there.
    """

    latency_cycles = 4

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "code": In(RankedCode(config)),
            "settings": In(RankSettings),
            "weight": Out(9),
            "usable": Out(1),
            "present": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        code, settings = self.code, self.settings
        bits, fraction_bits = corrected_bits(self.config), self.config.hdr.fraction_bits
        saturation = self.config.adc.saturation_codes << fraction_bits

        # Clock 1: where on the ramp, and whether saturated.
        excess = Signal(signed(max(bits, 14 + fraction_bits) + 2), reset_less=True)
        usable, present = Signal(4, reset_less=True), Signal(4, reset_less=True)
        m.d.sync += [
            excess.eq(code.above_black - (settings.hand_over_start << fraction_bits)),
            usable.eq(Cat(code.present & ~code.full_scale & (code.above_black < saturation),
                          usable)),
            present.eq(Cat(code.present, present)),
        ]
        # Clocks 2 and 3: onto 0..256 over the ramp's width, in two halves of the shift. Three bits
        # below the result are kept for the second half, and whether there are any above it.
        width = settings.hand_over_width_log2 + fraction_bits
        scaled = Signal(9 + 3, reset_less=True)
        position = Signal(9 + 3, reset_less=True)
        remaining = Signal(2, reset_less=True)
        beyond, below = Signal(2, reset_less=True), Signal(2, reset_less=True)
        is_beyond = Signal()
        with m.Switch(width[2:]):
            for quads in range((15 + fraction_bits) // 4 + 1):
                shifted = (excess.as_unsigned() << 8) >> (4 * quads)
                with m.Case(quads):
                    m.d.comb += is_beyond.eq(shifted[len(scaled):].any())
                    m.d.sync += scaled.eq(shifted[:len(scaled)])
        m.d.sync += [
            remaining.eq(width[:2]),
            position.eq(scaled >> remaining),
            beyond.eq(Cat(is_beyond, beyond)),
            below.eq(Cat(excess < 0, below)),
        ]
        # Clock 4: within the ramp.
        with m.If(below[1]):
            m.d.sync += self.weight.eq(0)
        with m.Elif(beyond[1] | position[8:].any()):
            m.d.sync += self.weight.eq(FULL_WEIGHT)
        with m.Else():
            m.d.sync += self.weight.eq(position)
        m.d.comb += [self.usable.eq(usable[-1]), self.present.eq(present[-1])]
        return m
