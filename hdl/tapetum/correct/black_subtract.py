# SPDX-License-Identifier: Apache-2.0
"""Black becomes the pedestal."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import CodePixels, corrected_bits

__all__ = ["BlackSubtract"]


class BlackSubtract(wiring.Component):
    """Subtracts each capture's black level, puts the pedestal in its place, adds fraction bits.

    Saturates at zero and at all ones; a saturated conversion stays all ones. Latency 2 clocks, one
    beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        ADC codes.
    levels : In(one corrected code per capture)
        Black levels.
    o : Out(stream of CodePixels), always ready
        Corrected codes: all rows, all columns.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        bits = corrected_bits(config)
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, config.adc.bits),
                                     always_ready=True)),
            "levels": In(data.ArrayLayout(bits, len(config.captures))),
            "o": Out(stream.Signature(CodePixels(config.lanes, bits), always_ready=True)),
        })

    def elaborate(self, platform):
        m = Module()
        config, bits = self.config, corrected_bits(self.config)
        fraction_bits = config.hdr.fraction_bits
        pedestal = config.adc.pedestal_codes << fraction_bits

        beat = Signal.like(self.i.payload, reset_less=True)
        beat_valid = Signal()
        # Pedestal minus black: one addition per pixel remains.
        offset = Signal(signed(bits + 1), reset_less=True)
        m.d.sync += [
            beat_valid.eq(self.i.valid),
            beat.eq(self.i.payload),
            offset.eq(pedestal - self.levels[self.i.payload.tag.capture]),
        ]

        out = Signal.like(self.o.payload, reset_less=True)
        out_valid = Signal()
        m.d.sync += [
            out_valid.eq(beat_valid),
            out.optical_black.eq(beat.optical_black),
            out.line_last.eq(beat.line_last),
            out.frame_last.eq(beat.frame_last),
            out.tag.eq(beat.tag),
        ]
        for lane in range(config.lanes):
            corrected = Signal(signed(bits + 2), name=f"corrected_{lane}")
            m.d.comb += corrected.eq((beat.codes[lane] << fraction_bits) + offset)
            with m.If(beat.codes[lane].all() | (~corrected[-1] & corrected[bits])):
                m.d.sync += out.codes[lane].eq(~0)
            with m.Elif(corrected[-1]):
                m.d.sync += out.codes[lane].eq(0)
            with m.Else():
                m.d.sync += out.codes[lane].eq(corrected[:bits])
        m.d.comb += [self.o.valid.eq(out_valid), self.o.payload.eq(out)]
        return m
