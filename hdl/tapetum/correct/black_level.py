# SPDX-License-Identifier: Apache-2.0
"""Black level of each capture, measured in every frame."""

from typing import Any

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import CodePixels, RowKind, corrected_bits

__all__ = ["BlackLevel"]


class BlackLevel(wiring.Component):
    """Mean of the shielded pixels of a frame, per capture.

    The window is the optical-black columns of the optical-black rows: the same pixels under every
    region of interest, and a power of two, so that the mean needs no divider. The optical-black
    rows of a capture precede its active rows, so a level is ready before it is first used, from
    the first frame on. A window that is not complete and in order leaves the last level standing.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        Rows of every kind; only looked at.
    levels : Out(one corrected code per capture)
        Mean code in units of ``2**-fraction_bits``, rounded half up. Changes 3 clocks after the
        last beat of a window.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, config.adc.bits),
                                     always_ready=True)),
            "levels": Out(data.ArrayLayout(corrected_bits(config), len(config.captures))),
        })

    def elaborate(self, platform):
        m = Module()
        config, captures = self.config, len(self.config.captures)
        beats_per_row = config.array.optical_black_columns // config.lanes
        beats = beats_per_row * config.array.optical_black_rows
        pixels_log2 = (beats * config.lanes).bit_length() - 1
        pixels = self.i.payload

        column = Signal(range(max(2, beats_per_row)))
        with m.If(self.i.valid & pixels.optical_black):
            m.d.sync += column.eq(column + 1)
        with m.If(self.i.valid & pixels.line_last):
            m.d.sync += column.eq(0)

        # Lanes are added first, then beats: two short adders instead of a long one.
        beat_valid = Signal()
        beat_sum = Signal(config.adc.bits + 2, reset_less=True)
        beat_capture = Signal(2, reset_less=True)
        in_row = column[:beats_per_row.bit_length() - 1]
        position = Signal(len(in_row) + len(pixels.tag.row), reset_less=True)
        m.d.sync += [
            beat_valid.eq(self.i.valid & pixels.optical_black
                          & (pixels.tag.row_kind == RowKind.OPTICAL_BLACK)),
            beat_sum.eq(sum(pixels.codes[lane] for lane in range(config.lanes))),
            beat_capture.eq(pixels.tag.capture),
            position.eq(Cat(in_row, pixels.tag.row)),
        ]

        # Until a window was seen, black is where it should be.
        pedestal = config.adc.pedestal_codes << config.hdr.fraction_bits
        initial: Any = [pedestal] * captures
        levels = Signal(self.levels.shape(), init=initial)
        m.d.comb += self.levels.eq(levels)
        complete = Signal(captures)
        for capture in range(captures):
            total = Signal(config.adc.bits + pixels_log2, name=f"total_{capture}",
                           reset_less=True)
            taken = Signal(range(beats + 1), name=f"taken_{capture}")
            m.d.sync += complete[capture].eq(0)
            with m.If(beat_valid & (beat_capture == capture)):
                with m.If(position == 0):
                    m.d.sync += [total.eq(beat_sum), taken.eq(1)]
                with m.Elif(position == taken):
                    m.d.sync += [
                        total.eq(total + beat_sum),
                        taken.eq(taken + 1),
                        complete[capture].eq(position == beats - 1),
                    ]
            with m.If(complete[capture]):
                m.d.sync += levels[capture].eq(self._mean(total, pixels_log2))
        return m

    def _mean(self, total: Value, pixels_log2: int) -> Value:
        surplus_bits = pixels_log2 - self.config.hdr.fraction_bits
        if surplus_bits <= 0:
            return total << -surplus_bits
        return (total + (1 << (surplus_bits - 1))) >> surplus_bits
