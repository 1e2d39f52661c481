# SPDX-License-Identifier: Apache-2.0
"""Decides at the start of each line whether a frame begins, and when lines stop."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["FrameScheduler"]


class FrameScheduler(wiring.Component):
    """Free-running: a frame is planned with the first read of the one before. Triggered: with
    the first line after a sync pulse. At most one frame is planned and not yet being read.

    Lines keep their length while any frame is under way; a new length waits until all of them
    are complete, and lines start anew.

    Members
    -------
    streaming, triggered : In(1)
    sync_pulse : In(1)
        Strobe; remembered until the next line begins.
    settings_line_length, line_length : In(16)
        Of the next frame; of the lines that run.
    running, boundary, line_start : In(1)
        Of `LineSequencer`.
    pointers_busy : In(1)
        Any pointer reads or waits.
    planned : In(1), read_wait_lines : In(17)
        Of `FramePlanner`.
    start, halt : Out(1)
        Strobes for the lines.
    plan : Out(1), fresh : Out(1), lines_since_read : Out(13)
        Strobe at the start of a line: the next frame takes its settings now.
    first_read : Out(1)
        With ``boundary``: the planned frame is read from the next line on.
    frame_start : Out(1)
        Strobe, one cycle later.
    sync_during_frame : Out(1)
        Strobe: a pulse came while a frame was still waiting for its first read; it is ignored.
    """

    streaming: In(1)
    triggered: In(1)
    sync_pulse: In(1)
    settings_line_length: In(16)
    line_length: In(16)
    running: In(1)
    boundary: In(1)
    line_start: In(1)
    pointers_busy: In(1)
    planned: In(1)
    read_wait_lines: In(17)
    start: Out(1)
    halt: Out(1)
    plan: Out(1)
    fresh: Out(1)
    lines_since_read: Out(13)
    first_read: Out(1)
    frame_start: Out(1)
    sync_during_frame: Out(1)

    def elaborate(self, platform):
        m = Module()
        pending = Signal()  # a pulse whose frame is not planned yet
        waiting = Signal()  # a planned frame is not being read yet
        read_wait = Signal(17)
        is_due = Signal()  # settled long before the next boundary
        wants_frame = Signal()
        m.d.comb += [
            wants_frame.eq(self.streaming & (~self.triggered | pending)),
            self.start.eq(~self.running & wants_frame),
            self.fresh.eq(~self.pointers_busy),
            self.first_read.eq(self.boundary & is_due),
        ]
        with m.If(self.line_start & ~waiting):
            with m.If(wants_frame & (self.line_length == self.settings_line_length)):
                m.d.comb += self.plan.eq(1)
            with m.Elif(~self.pointers_busy):
                m.d.comb += self.halt.eq(1)

        with m.If(self.plan):
            m.d.sync += [waiting.eq(1), pending.eq(0)]
        with m.If(self.sync_pulse):
            with m.If(waiting | pending):
                m.d.comb += self.sync_during_frame.eq(self.streaming & self.triggered)
            with m.Else():
                m.d.sync += pending.eq(1)
        with m.If(~(self.streaming & self.triggered)):
            m.d.sync += pending.eq(0)

        m.d.sync += [
            self.frame_start.eq(self.first_read),
            is_due.eq(waiting & (read_wait == 1)),
        ]
        with m.If(self.planned):
            m.d.sync += read_wait.eq(self.read_wait_lines)
        with m.If(self.boundary):
            m.d.sync += self.lines_since_read.eq(self.lines_since_read + 1)
            with m.If(waiting):
                m.d.sync += read_wait.eq(read_wait - 1)
            with m.If(self.first_read):
                m.d.sync += [waiting.eq(0), self.lines_since_read.eq(0)]
        return m
