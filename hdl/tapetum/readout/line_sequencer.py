# SPDX-License-Identifier: Apache-2.0
"""Counts the cycles of a line and plays its list of row events."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from .row_event import END_OF_TABLE, RowEventWord

__all__ = ["LineSequencer"]


class LineSequencer(wiring.Component):
    """Runs line after line between ``start`` and ``halt``.

    The table is read ahead, so that events may follow each other in every cycle::

        boundary     _/▔\\___________________________
        line_start   ____/▔\\________________________
        cycle        ----< 0 >< 1 >< 2 >< 3 > ...      of the line, as the pointers count it
        due, event   ----------------< events[0] >     for time_cycles = 2

    Members
    -------
    start : In(1), line_length_cycles : In(16)
        Strobe: lines of this length begin; ``boundary`` follows in the next cycle.
    halt : In(1)
        Strobe: no further cycle of the line is played.
    running : Out(1), line_length : Out(16)
    boundary : Out(1)
        Strobe in the last cycle of a line (and before the first): pointers step.
    line_start : Out(1), cycle : Out(16)
    play_address : Out, table_event : In(RowEventWord)
        To `RowEventTable`.
    due : Out(1), event : Out(RowEventWord)
        The event of this ``cycle``.
    line_too_short : Out(1)
        Strobe: an event's time is not at least two cycles before the end of the line, or events
        are out of order.
    """

    def __init__(self, config: DieConfig):
        self.depth = config.timing.row_event_capacity
        super().__init__({
            "start": In(1),
            "line_length_cycles": In(16),
            "halt": In(1),
            "running": Out(1),
            "line_length": Out(16),
            "boundary": Out(1),
            "line_start": Out(1),
            "cycle": Out(16),
            "play_address": Out(range(self.depth)),
            "table_event": In(RowEventWord),
            "due": Out(1),
            "event": Out(RowEventWord),
            "line_too_short": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        next_cycle = Signal(16)
        before_last = Signal(16, reset_less=True)
        line_end, match = Signal(), Signal()
        index = Signal(range(self.depth + 1))
        following = Signal.like(index, init=1)  # index + 1, ahead of time
        exhausted = index == self.depth

        # Where the sequencer is running, next_cycle is the cycle that the pointers see next.
        m.d.comb += [
            match.eq(self.running & ~exhausted & (self.table_event.time_cycles == next_cycle)),
            self.play_address.eq(Mux(match, following, index)),
        ]
        m.d.sync += [
            line_end.eq(self.running & (next_cycle == before_last)),
            self.boundary.eq(line_end),
            self.line_start.eq(self.boundary & ~self.halt),
            self.cycle.eq(next_cycle),
            self.due.eq(match & ~self.halt),
            self.event.eq(self.table_event),
            self.line_too_short.eq(line_end & ~exhausted
                                   & (self.table_event.time_cycles != END_OF_TABLE)),
        ]
        with m.If(match):
            m.d.sync += [index.eq(following), following.eq(following + 1)]
        with m.If(line_end | ~self.running):
            m.d.comb += self.play_address.eq(0)
            m.d.sync += [index.eq(0), following.eq(1), next_cycle.eq(0)]
        with m.Else():
            m.d.sync += next_cycle.eq(next_cycle + 1)
        with m.If(self.start):
            m.d.sync += [
                self.running.eq(1),
                self.boundary.eq(1),
                self.line_length.eq(self.line_length_cycles),
                before_last.eq(self.line_length_cycles - 2),
            ]
        with m.If(self.halt):
            m.d.sync += [self.running.eq(0), self.boundary.eq(0)]
        return m
