# SPDX-License-Identifier: Apache-2.0
"""Which row leaves while a row comes, and what pushes out the last two of a frame."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
from ...pixel import CodePixels, RowKind, RowTag, corrected_bits
from ...row_timing import READ_OVERHEAD_CYCLES
from ...stream.delay import delayed

__all__ = ["LeavingRow", "RowSequencer", "SequencedBeat"]

START_CYCLES = 3
"""From the clock in which a flushing row is due to its first beat."""
ANSWER_CYCLES = 2
"""From a row's first beat until ``line_length_cycles`` answers to ``frame``."""


class SequencedBeat(data.StructLayout):
    """A beat and where it lies in its row."""

    def __init__(self, config: DieConfig):
        super().__init__({
            "codes": data.ArrayLayout(corrected_bits(config), config.lanes),
            "column": range(config.array.columns // config.lanes),
            "last": 1,
        })


class LeavingRow(data.Struct):
    """The row two above the one that enters.

    Members
    -------
    leaves
        There is such a row.
    above, below
        Rows 1 (bit 0) and 2 (bit 1) above and below it exist.
    flushed
        Nothing enters; this is one of the frame's last two rows.
    """

    tag: RowTag
    frame_last: 1
    leaves: 1
    above: 2
    below: 2
    flushed: 1


class RowSequencer(wiring.Component):
    """Passes rows on and adds two behind the last row of each capture's frame.

    ::

        enters     0   1   2   3  ...  N-1   -    -       one line apart, in the
        leaves     -   -   0   1  ...  N-3  N-2  N-1      capture's own slot

    The added rows flush the last two. They begin one and two times ``line_length_cycles`` after
    the first beat of the last row, when no other capture is read; one that finds a row under way
    waits for 12 clocks without a beat. A row that comes while a flush is under way has precedence:
    ``cut`` tells the stages behind to end the flushed row where it is, and the rest of its frame
    is lost. Latency 2 clocks, one beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        Active rows; ``frame_last`` must hold with the last beat of a capture's last row.
    frame : Out(16)
        Of the row under way; changes with its first beat at ``valid``.
    line_length_cycles : In(16)
        Of ``frame``, at most 1 clock later.
    beat : Out(SequencedBeat), first, valid : Out(1)
        Entering beats; codes of a flushing row mean nothing.
    row : Out(LeavingRow)
        Stable from the first beat of a row to that of the next.
    cut : Out(1)
        Pulse: beats of the flushed row that are still under way must be dropped.
    collision : Out(1)
        Pulse: a row came before its predecessors had left; rows were lost.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, corrected_bits(config)),
                                     always_ready=True)),
            "frame": Out(16), "line_length_cycles": In(16),
            "beat": Out(SequencedBeat(config)), "first": Out(1), "valid": Out(1),
            "row": Out(LeavingRow),
            "cut": Out(1), "collision": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        captures = range(len(self.config.captures))
        beat, valid, row = self.beat, self.valid, self.row

        coming = Signal.like(self.i.payload, reset_less=True)
        coming_valid, between_rows = Signal(), Signal(init=1)
        starts = Signal()
        m.d.sync += [coming_valid.eq(self.i.valid), coming.eq(self.i.payload)]
        m.d.comb += starts.eq(coming_valid & between_rows)
        with m.If(coming_valid):
            m.d.sync += between_rows.eq(coming.line_last)

        # A flush begins where there was nothing for as long as rows are apart.
        flushing, begins, after_flush = Signal(), Signal(), Signal()
        flush_capture = Signal(2, reset_less=True)
        quiet, quiet_cycles = Signal(), Signal(range(READ_OVERHEAD_CYCLES))
        m.d.comb += quiet.eq(quiet_cycles == READ_OVERHEAD_CYCLES - 1)
        with m.If(coming_valid | ~between_rows | flushing):
            m.d.sync += quiet_cycles.eq(0)
        with m.Elif(~quiet):
            m.d.sync += quiet_cycles.eq(quiet_cycles + 1)
        collides = Signal()
        m.d.comb += collides.eq(starts & (flushing | (after_flush & ~quiet)))
        with m.If(starts | begins):
            m.d.sync += after_flush.eq(begins & ~starts)

        # Rows two apart have the same parity: where this row's tag goes, that of the one that
        # leaves is found, a clock after it is asked for. Frames have an even number of rows.
        capture, parity = Signal(2), Signal()
        to_flush = Array(Signal(2, name=f"to_flush_{index}") for index in captures)
        last_begins, is_last_flush = Signal(), Signal(reset_less=True)
        m.d.comb += last_begins.eq(to_flush[flush_capture] == 1)
        with m.If(~flushing):
            m.d.sync += is_last_flush.eq(last_begins)
        m.d.comb += [
            capture.eq(Mux(coming_valid, coming.tag.capture, flush_capture)),
            parity.eq(Mux(self.i.valid, self.i.payload.tag.row[0], last_begins)),
        ]
        stored = data.StructLayout({"frame": 16, "row": 12, "array_row": 12, "above": 2,
                                    "last_column": beat.column.shape()})
        m.submodules.tags = tags = memory.Memory(
            shape=stored, depth=2 * len(captures), init=[],
            attrs={"ram_style": "block", "no_rw_check": 1})
        tag_read, tag_write = tags.read_port(domain="comb"), tags.write_port()
        m.d.comb += tag_read.addr.eq(
            Cat(parity, Mux(self.i.valid, self.i.payload.tag.capture, flush_capture)))
        # As in `BlockMemory`, but that the block RAM answers a clock earlier; it answers late in
        # that clock, so what is found goes through one look-up table at most.
        leaving = Signal(stored, reset_less=True)
        m.d.sync += leaving.eq(tag_read.data)

        ends = Signal()
        is_real, real_last, real_frame_last = (Signal(name=name, reset_less=True) for name in
                                               ("is_real", "real_last", "real_frame_last"))
        entering = Signal(RowTag, reset_less=True)
        last_column = Signal.like(beat.column, reset_less=True)
        now, row_start = Signal(16), Signal(16, reset_less=True)
        earlier = delayed(m, now, START_CYCLES, name="now")
        m.d.sync += [
            now.eq(now + 1),
            valid.eq(coming_valid | (flushing & ~(ends & ~is_real))),
            self.first.eq(starts | begins),
            is_real.eq(coming_valid),
            real_last.eq(coming.line_last), real_frame_last.eq(coming.frame_last),
            beat.codes.eq(coming.codes),
        ]
        with m.If(coming_valid | flushing):
            m.d.sync += beat.column.eq(beat.column + 1)
        with m.If(starts | begins):
            m.d.sync += [
                beat.column.eq(0), row_start.eq(earlier), entering.eq(coming.tag),
                last_column.eq(leaving.last_column),
                row.tag.row.eq(leaving.row), row.tag.array_row.eq(leaving.array_row),
                row.tag.frame.eq(Mux(coming_valid, coming.tag.frame, leaving.frame)),
                row.tag.capture.eq(capture), row.tag.row_kind.eq(RowKind.ACTIVE),
                row.frame_last.eq(~coming_valid & is_last_flush),
                row.leaves.eq(~coming_valid | coming.tag.row[1:].any()),
                row.above.eq(leaving.above),
                row.below.eq(Mux(coming_valid, 0b11, ~is_last_flush)),
                row.flushed.eq(~coming_valid),
            ]
        m.d.comb += [
            self.frame.eq(row.tag.frame),
            beat.last.eq(Mux(is_real, real_last, beat.column == last_column)),
            ends.eq(valid & beat.last),
            tag_write.addr.eq(Cat(entering.row[0], row.tag.capture)),
            tag_write.data.frame.eq(entering.frame), tag_write.data.row.eq(entering.row),
            tag_write.data.array_row.eq(entering.array_row),
            tag_write.data.above.eq(Cat(entering.row.any(), entering.row[1:].any())),
            tag_write.data.last_column.eq(beat.column),
            tag_write.en.eq(ends & is_real),
        ]
        with m.If(begins):
            m.d.sync += to_flush[flush_capture].eq(to_flush[flush_capture] - 1)
        with m.If(ends & ~is_real):
            m.d.sync += flushing.eq(0)

        # When to flush: counted from the start of the row, known once it has ended.
        row_ended = Signal()
        m.d.sync += row_ended.eq(ends & Mux(is_real, real_frame_last, ~row.frame_last) & ~collides)
        awaits = delayed(m, row_ended & ~collides, ANSWER_CYCLES - 1, name="awaits",
                         reset_less=False)
        due, ready, deadline = Signal(len(captures)), Signal(), Signal(16)
        m.d.comb += deadline.eq(row_start + self.line_length_cycles)
        for index in captures:
            flush_at = Signal(16, name=f"flush_at_{index}", reset_less=True)
            with m.If((now == flush_at) & to_flush[index].any()):
                m.d.sync += due[index].eq(1)
            with m.If(awaits & (row.tag.capture == index)):
                m.d.sync += flush_at.eq(deadline)
                with m.If(~row.flushed):
                    m.d.sync += to_flush[index].eq(2)
        m.d.sync += [begins.eq(0), ready.eq(due.any())]
        with m.If(quiet & ~coming_valid & ~flushing & ready):
            m.d.sync += [begins.eq(1), flushing.eq(1), ready.eq(0)]
            for index in captures:
                with m.If(flush_capture == index):
                    m.d.sync += due[index].eq(0)
        with m.Elif(~flushing):
            for index in reversed(captures):
                with m.If(due[index]):
                    m.d.sync += flush_capture.eq(index)

        # Whoever comes has precedence.
        m.d.comb += self.cut.eq(collides)
        m.d.sync += self.collision.eq(collides | (starts & to_flush[coming.tag.capture].any()))
        for index in captures:
            with m.If(starts & ((coming.tag.capture == index)
                                | (collides & (flush_capture == index)))):
                m.d.sync += [to_flush[index].eq(0), due[index].eq(0)]
        with m.If(collides):
            m.d.sync += flushing.eq(0)
        return m
