# SPDX-License-Identifier: Apache-2.0
"""Counts frames, rows and beats where they enter the link, against what was planned."""

from typing import Any

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT, FrameSettings
from ..pixel import OutputPixels

__all__ = ["FrameCount"]


class FrameCount(wiring.Component):
    """Every planned frame arrives, in order, with all its rows in order, each with all its pixels.

    How many rows and beats a frame has is worked out from its settings as it is planned, apart
    from the rooms that count them on the way. Each virtual channel is counted by itself. Latency:
    4 cycles from a row's last beat to ``raised``.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    adopt : In(1), adopt_frame : In(16), settings : In(FrameSettings)
        Strobe: this frame is planned, with these settings.
    i : In(stream of OutputPixels), always ready
        Only looked at.
    inject : In(1)
        The lowest bit of every row's number is seen inverted. As the injection begins, the end of
        a row is put in, so that there is one in standby.
    raised : Out(1)
        Pulse.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "adopt": In(1), "adopt_frame": In(16), "settings": In(FrameSettings(config)),
            "i": In(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
            "inject": In(1),
            "raised": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        wrong_plan = self._plan(m)
        wrong_row = self._rows(m)
        m.d.sync += self.raised.eq(wrong_plan | wrong_row)
        return m

    def _plan(self, m: Module) -> Signal:
        """What frames shall have, and whether their numbers follow each other."""
        settings, lanes_log2 = self.settings, self.config.lanes.bit_length() - 1
        planned = Signal(data.StructLayout({"rows": 12, "beats": 13}))
        row_span, column_span = Signal(12, reset_less=True), Signal(13, reset_less=True)
        row_skip, column_skip = (Signal(2, reset_less=True, name=name)
                                 for name in ("row_skip", "column_skip"))
        frame, known, taken = Signal(16, reset_less=True), Signal(), Signal()
        m.d.sync += [
            taken.eq(self.adopt),
            row_span.eq(settings.row_end - settings.row_start),
            column_span.eq(settings.column_end - settings.column_start),
            row_skip.eq(settings.row_skip), column_skip.eq(settings.column_skip),
        ]
        # Of each block of rows or columns, one pair is read.
        last_row = (row_span >> 1 >> row_skip << 1) | 1
        last_column = (column_span >> 1 >> column_skip << 1) | 1
        m.d.comb += [planned.rows.eq(last_row), planned.beats.eq(last_column >> lanes_log2)]

        self._planned: Any = Signal(data.ArrayLayout(planned.shape(), FRAMES_IN_FLIGHT),
                                    reset_less=True)
        # Of the frames in flight: planned at all; its first row has come.
        self._expected, self._began = (Signal(FRAMES_IN_FLIGHT, name=name)
                                       for name in ("expected", "began"))
        wrong = Signal()
        m.d.sync += wrong.eq(0)
        with m.If(self.adopt):
            m.d.sync += [frame.eq(self.adopt_frame), known.eq(1),
                         wrong.eq(known & (self.adopt_frame != (frame + 1)[:16]))]
        with m.If(taken):
            for number in range(FRAMES_IN_FLIGHT):
                with m.If(frame[:2] == number):
                    m.d.sync += [self._planned[number].eq(planned),
                                 self._expected[number].eq(1), self._began[number].eq(0)]
        return wrong

    def _rows(self, m: Module) -> Signal:
        """Rows as they come."""
        pixels, channels = self.i.payload, len(self.config.captures)
        before, puts_in = Signal(), Signal()
        m.d.sync += before.eq(self.inject)
        m.d.comb += puts_in.eq(self.inject & ~before & ~self.i.valid)

        # Clock 1: the end of a row, with its beats but one.
        beat, beats = Signal(13), Signal(13, reset_less=True)
        ended, put_in, last = Signal(), Signal(), Signal(reset_less=True)
        tag = Signal.like(pixels.tag, reset_less=True)
        m.d.sync += [ended.eq(self.i.valid & pixels.line_last), put_in.eq(puts_in),
                     beats.eq(beat), tag.eq(pixels.tag), last.eq(pixels.frame_last)]
        with m.If(self.i.valid):
            m.d.sync += beat.eq(Mux(pixels.line_last, 0, beat + 1))

        # Clock 2: what its channel's next row should be, and what was planned.
        awaited_shape = data.StructLayout({"row": 12, "frame": 16, "open": 1})
        awaited: Any = Signal(data.ArrayLayout(awaited_shape, channels))
        own: Any = Signal(awaited_shape, reset_less=True)
        planned: Any = Signal(self._planned.shape().elem_shape, reset_less=True)
        channel, place = tag.capture[:(channels - 1).bit_length()], tag.frame[:2]
        judged, unplanned, jumped = Signal(), Signal(), Signal()
        row, frame = Signal(12, reset_less=True), Signal(16, reset_less=True)
        is_last, had = Signal(reset_less=True), Signal(13, reset_less=True)
        before_it = (place - 1)[:2]
        m.d.sync += [
            judged.eq(ended | put_in), own.eq(awaited[channel]), planned.eq(self._planned[place]),
            row.eq(Mux(put_in, 0, tag.row) ^ self.inject), frame.eq(tag.frame),
            is_last.eq(last), had.eq(beats),
            unplanned.eq(~self._expected.bit_select(place, 1)),
            jumped.eq((tag.row == 0) & self._expected.bit_select(before_it, 1)
                      & ~self._began.bit_select(before_it, 1)),
        ]
        with m.If(ended):
            # What is wrong once is not wrong again in every row that follows.
            for number in range(channels):
                with m.If(channel == number):
                    m.d.sync += [awaited[number].row.eq(Mux(last, 0, tag.row + 1)),
                                 awaited[number].frame.eq(tag.frame),
                                 awaited[number].open.eq(~last)]
            for number in range(FRAMES_IN_FLIGHT):
                with m.If(place == number):
                    m.d.sync += self._began[number].eq(1)

        wrong = Signal()  # clock 3
        m.d.sync += wrong.eq(judged & (
            (row != own.row) | (own.open & (frame != own.frame)) | (had != planned.beats)
            | (is_last != (row == planned.rows)) | unplanned | jumped))
        return wrong
