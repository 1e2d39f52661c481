# SPDX-License-Identifier: Apache-2.0
"""One capture of the die, before it is combined with the others."""

import numpy as np
from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from tapetum.pixel import CodePixels

from .plane_words import PlaneStep, PlaneWord
from .tone_table import CAPTURE_INDEX_BITS, ToneTable

__all__ = ["CaptureViewer"]


class CaptureViewer(wiring.Component):
    """Corrected codes of one capture to levels of a monitor. Latency: 2 clocks.

    Parameters
    ----------
    bits : int
        Of a code.
    curve : array of uint8

    Members
    -------
    codes : In(stream of CodePixels(1, bits)), always ready
    capture : In(2)
        Which one.
    words : Out(stream of PlaneWord), always ready
    table_write, table_address, table_data
        New entries of the curve.
    """

    def __init__(self, bits: int, curve: np.ndarray):
        if bits < CAPTURE_INDEX_BITS:
            raise ValueError(f"codes must have at least {CAPTURE_INDEX_BITS} bits, not {bits}.")
        self.bits, self.curve = bits, curve
        super().__init__({
            "codes": In(stream.Signature(CodePixels(1, bits), always_ready=True)),
            "capture": In(2), "words": Out(stream.Signature(PlaneWord, always_ready=True)),
            "table_write": In(1), "table_address": In(CAPTURE_INDEX_BITS), "table_data": In(8),
        })

    def elaborate(self, platform):
        m = Module()
        codes, words = self.codes, self.words
        m.submodules.table = table = ToneTable(self.curve)
        takes, line_last, frame_last = (Signal(name=name) for name in (
            "takes", "line_last", "frame_last"))
        m.d.comb += [
            table.index.eq(codes.payload.codes[0][self.bits - CAPTURE_INDEX_BITS:]),
            table.write.eq(self.table_write), table.write_address.eq(self.table_address),
            table.write_data.eq(self.table_data),
        ]
        m.d.sync += [
            takes.eq(codes.valid & (codes.payload.tag.capture == self.capture)),
            line_last.eq(codes.payload.line_last), frame_last.eq(codes.payload.frame_last),
        ]
        # Ends follow in the clocks after the last pixel, where no others come.
        kept, odd = Signal(8, reset_less=True), Signal()
        row_ends, frame_ends = Signal(), Signal()
        m.d.sync += [words.valid.eq(0), row_ends.eq(0), frame_ends.eq(frame_ends & row_ends)]
        with m.If(takes):
            m.d.sync += [
                odd.eq(~odd & ~line_last), kept.eq(table.level),
                words.valid.eq(odd), words.payload.word.eq(Cat(table.level, kept)),
                words.payload.step.eq(PlaneStep.WORD),
                row_ends.eq(line_last), frame_ends.eq(line_last & frame_last),
            ]
        with m.Elif(row_ends):
            m.d.sync += [words.valid.eq(1), words.payload.step.eq(PlaneStep.ROW_END)]
        with m.Elif(frame_ends):
            m.d.sync += [words.valid.eq(1), words.payload.step.eq(PlaneStep.FRAME_END)]
        return m
