# SPDX-License-Identifier: Apache-2.0
"""The combined frame, or each capture on its own."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import DataFormat, adopted_settings, settings_of
from ..memory.health import MemoryHealth
from ..pixel import CodePixels, OutputPixels, corrected_bits
from ..stream.delay import DelayLine

__all__ = ["FORMAT_BITS", "OutputSelector"]

FORMAT_BITS = {DataFormat.RAW8: 12, DataFormat.RAW10: 12, DataFormat.RAW12: 12,
               DataFormat.RAW14: 14, DataFormat.RAW16: 16, DataFormat.RAW20: 20,
               DataFormat.RAW24: 24}


class OutputSelector(wiring.Component):
    """Sends uncombined frames as corrected codes, the others as companded values.

    Codes wait as long as the combined path takes. A row therefore leaves at the same time by
    either path, rows of the two never meet, and each beat is judged by its own frame: frames may
    change from one mode to the other at any time, lags included. Codes are rounded half up to ADC
    bits (or to the format's, if fewer) and left-aligned to the format's width. Latency of the
    combined path: 1 clock.

    On the change from combined to uncombined, the captures of the new frame must not begin before
    the last combined row has left: the largest lag may not exceed dark rows plus blanking.
    ``torn`` reports that it did.

    Parameters
    ----------
    config : DieConfig
    combined_latency_cycles : int
        From ``codes`` to ``combined``: ``Hdr.latency_cycles + Compander.latency_cycles``.

    Members
    -------
    codes : In(stream of CodePixels), always ready
        Corrected codes, as they enter the combination.
    combined : In(stream of OutputPixels), always ready
    settings : In(adopted_settings)
    o : Out(stream of OutputPixels), always ready
        ``tag.capture`` is the virtual channel: the capture, or 0 of a combined frame.
    torn : Out(1)
        Pulse: a frame began within a combined one.
    memory : Out(MemoryHealth)
    """

    latency_cycles = 1

    def __init__(self, config: DieConfig, *, combined_latency_cycles: int):
        self.config, self.combined_latency_cycles = config, combined_latency_cycles
        super().__init__({
            "codes": In(stream.Signature(CodePixels(config.lanes, corrected_bits(config)),
                                         always_ready=True)),
            "combined": In(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
            "settings": In(adopted_settings(config)),
            "o": Out(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
            "torn": Out(1),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        codes_shape = self.codes.payload.shape()
        m.submodules.wait = wait = DelayLine(codes_shape, self.combined_latency_cycles)
        wiring.connect(m, wiring.flipped(self.codes), wait.i)
        wiring.connect(m, wait.memory, wiring.flipped(self.memory))
        code_beat, combined = wait.o.payload, self.combined.payload
        code_frame = settings_of(m, self.settings, code_beat.tag.frame, "uncombined",
                                 "data_format", memory_name="of_codes")
        combined_frame = settings_of(m, self.settings, combined.tag.frame, "uncombined",
                                     memory_name="of_combined")

        send_codes, send_combined = Signal(), Signal()
        m.d.comb += [
            send_codes.eq(wait.o.valid & code_frame.uncombined),
            send_combined.eq(self.combined.valid & ~combined_frame.uncombined),
        ]
        out = Signal.like(self.o.payload, reset_less=True)
        out_valid, first = Signal(), Signal(init=1)
        within_combined = Signal()
        m.d.sync += [out_valid.eq(send_codes | send_combined), self.torn.eq(0)]
        with m.If(send_codes):
            m.d.sync += [
                out.line_last.eq(code_beat.line_last),
                out.frame_last.eq(code_beat.frame_last),
                out.tag.eq(code_beat.tag),
                first.eq(code_beat.line_last),
                self.torn.eq(within_combined & first & (code_beat.tag.row == 0)),
            ]
            for lane in range(self.config.lanes):
                m.d.sync += out.values[lane].eq(
                    self._aligned(m, code_beat.codes[lane], code_frame.data_format))
        with m.Else():
            m.d.sync += out.eq(combined)
        with m.If(send_combined & combined.line_last):
            m.d.sync += within_combined.eq(~combined.frame_last)
        m.d.comb += [self.o.valid.eq(out_valid), self.o.payload.eq(out)]
        return m

    def _aligned(self, m: Module, code: Value, data_format: Value) -> Value:
        aligned = Signal(24, name="aligned")
        with m.Switch(data_format):
            for name, width in FORMAT_BITS.items():
                with m.Case(name):
                    bits = min(width, self.config.adc.bits)
                    m.d.comb += aligned.eq(self._rounded(code, bits) << (width - bits))
        return aligned

    @staticmethod
    def _rounded(code: Value, bits: int) -> Value:
        dropped = len(code) - bits
        if dropped == 0:
            return code
        total = (code + (1 << (dropped - 1))) >> dropped
        return Mux(total[bits], (1 << bits) - 1, total[:bits])
