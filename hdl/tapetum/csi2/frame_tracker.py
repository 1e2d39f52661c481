# SPDX-License-Identifier: Apache-2.0
"""Where frames begin and end on each virtual channel, and which rows keep their slot."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT, DataFormat
from ..memory.checked_queue import CheckedQueue
from ..memory.health import MemoryHealth
from ..pixel import RowTag
from .bottom_rows import bottom_rows
from .formats import GROUP_PIXELS
from .row_collector import CollectedRow
from .row_descriptor import RowDescriptor

__all__ = ["FrameTracker"]


class OpenFrame(data.Struct):
    """The frame that a virtual channel is sending, and the shape of its rows."""

    frame: 16
    groups: 12
    data_format: DataFormat


class FrameTracker(wiring.Component):
    """Turns collected rows into descriptors: frame start with the first row, frame end after the
    last, separately for each virtual channel.

    A row that finds no free slot is dropped as a whole. If it was the first of its frame, the
    frame start comes with the next row that is stored; if it was the last, the frame ends without
    it. A frame whose last row never came is ended when the next one begins.

    A frame ends in four steps: its checksum is asked for, by the descriptor of its last row or by
    one without a row; the checksum comes back, and the verdict if the frame waits for it; the
    bottom rows are encoded; a last descriptor announces them and the frame end.

    Members
    -------
    began, began_tag, ended, row, accept, may_store
        Of the `RowCollector`.
    encode : Out(1), encode_row, encode_groups, encode_whole, encoded : In(1)
        Has an embedded row of ``frame`` written before the descriptor that announces it: 0 is the
        one above the frame, the others are below it. ``encode_whole``: the frame has its last row.
    frame : Out(16), channel : Out(2)
        The one that begins or ends.
    descriptors : Out(stream of RowDescriptor)
    checksums : In(stream of 32)
        One for each descriptor that is ``complete``.
    stored_frame : Out(16), opened, counted : Out(1)
        Strobes: the first or the last row of this frame has been stored.
    close : Out(1), checksum : Out(32), verdict_known : In(1)
        See `ResultKeeper`.
    verdict_wanted : In(FRAMES_IN_FLIGHT)
        Frames whose end waits for their verdict, by the low bits of their number. The end of a
        frame that has lost its last row never waits.
    released : In(stream of 1)
        One beat for each slot that is free again.
    overflow : Out(1)
        Strobe for each row that was lost.
    memory : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self.bottom_rows = len(bottom_rows(config))
        super().__init__({
            "began": In(1), "began_tag": In(RowTag),
            "ended": In(1), "row": In(CollectedRow), "accept": Out(1),
            "may_store": Out(1),
            "encode": Out(1), "encode_row": Out(range(self.bottom_rows + 1)),
            "encode_groups": Out(range(config.array.columns // GROUP_PIXELS + 1)),
            "encode_whole": Out(1), "encoded": In(1),
            "frame": Out(16), "channel": Out(2),
            "stored_frame": Out(16), "opened": Out(1), "counted": Out(1),
            "close": Out(1), "checksum": Out(32), "verdict_known": In(1),
            "checksums": In(stream.Signature(32)),
            "verdict_wanted": In(FRAMES_IN_FLIGHT),
            "descriptors": Out(stream.Signature(RowDescriptor)),
            "released": In(stream.Signature(1)),
            "overflow": Out(1), "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        rows = self.config.csi2.row_buffer_rows
        channels = len(self.config.captures)

        free_slots, free_now = (Signal(range(rows + 1), init=rows) for _ in range(2))
        m.d.comb += [
            free_now.eq(free_slots - self.accept),
            self.may_store.eq(free_now != 0),
            self.released.ready.eq(1),
        ]
        m.d.sync += free_slots.eq(free_now + self.released.valid)

        # Of each virtual channel: a frame is open, and which one.
        is_open = Signal(channels)
        open_frames = Signal(data.ArrayLayout(OpenFrame, channels), reset_less=True)
        lost_end, lost_last = Signal(), Signal()
        began_channel, channel = self.began_tag.capture, self.row.tag.capture
        # Of every channel at once: shallower than to choose one first.
        began_other = Cat(each.frame != self.began_tag.frame for each in open_frames)
        is_same = Cat(each.frame == self.row.tag.frame for each in open_frames)
        m.d.comb += lost_end.eq(
            self.began & (is_open & began_other).bit_select(began_channel, 1))
        # With four lanes a row may be a single beat, so that it ends in the clock in which it is
        # seen to begin a frame too early.
        lost_same = lost_end if self.config.lanes == 4 else C(0, 1)
        m.d.comb += [
            self.accept.eq(self.ended & self.row.stored & ~lost_same),
            lost_last.eq(self.ended & ~self.accept & self.row.frame_last
                         & (is_open & is_same).bit_select(channel, 1)),
        ]
        m.d.sync += [self.stored_frame.eq(self.row.tag.frame),
                     self.overflow.eq(self.ended & ~self.accept),
                     self.opened.eq(self.accept & ~is_open.bit_select(channel, 1)),
                     self.counted.eq(self.accept & self.row.frame_last)]
        with m.If(self.accept):
            m.d.sync += [
                is_open.bit_select(channel, 1).eq(~self.row.frame_last),
                open_frames[channel].frame.eq(self.row.tag.frame),
                open_frames[channel].groups.eq(self.row.groups),
                open_frames[channel].data_format.eq(self.row.data_format),
            ]
        with m.If(lost_end):
            m.d.sync += is_open.bit_select(began_channel, 1).eq(0)
        with m.If(lost_last):
            m.d.sync += is_open.bit_select(channel, 1).eq(0)

        # Rows and ends without one, in order. Of the latter there is at most one for each channel
        # and for each row before it.
        m.submodules.waiting = waiting = CheckedQueue(RowDescriptor, 2 * rows + channels)
        connect(m, waiting.memory, flipped(self.memory))
        told = Signal(RowDescriptor, reset_less=True)
        lost_channel = Mux(lost_end, began_channel, channel)
        m.d.comb += waiting.i.payload.eq(told)
        m.d.sync += [
            waiting.i.valid.eq(self.accept | lost_end | lost_last),
            told.virtual_channel.eq(channel),
            told.frame.eq(self.row.tag.frame),
            told.line_number.eq(self.row.tag.row + 1),
            told.data_format.eq(self.row.data_format),
            told.groups.eq(self.row.groups),
            told.line_sync.eq(self.row.line_sync),
            told.frame_start.eq(~is_open.bit_select(channel, 1)),
            told.has_row.eq(self.accept),
            told.complete.eq(~self.accept | self.row.frame_last),
            told.end_waits.eq(self.accept & self.verdict_wanted.bit_select(
                self.row.tag.frame[:2], 1)),
        ]
        with m.If(~self.accept):
            ended = open_frames[lost_channel]
            m.d.sync += [
                told.virtual_channel.eq(lost_channel), told.frame.eq(ended.frame),
                told.groups.eq(ended.groups), told.data_format.eq(ended.data_format),
                told.frame_start.eq(0),
            ]
        self._announce(m, waiting.o)
        return m

    def _announce(self, m: Module, rows) -> None:
        """Sends descriptors, each behind the embedded rows that it announces."""
        # What is under way; a frame that ends is still known when its last row has been passed on.
        subject = Signal(RowDescriptor, reset_less=True)
        closing = Signal(RowDescriptor)
        m.d.comb += [
            self.frame.eq(subject.frame), self.channel.eq(subject.virtual_channel),
            self.encode_groups.eq(subject.groups), self.encode_whole.eq(subject.has_row),
            closing.virtual_channel.eq(subject.virtual_channel), closing.frame.eq(subject.frame),
            closing.groups.eq(subject.groups), closing.data_format.eq(subject.data_format),
            closing.end_waits.eq(subject.end_waits), closing.closes.eq(1),
        ]

        def passed_on(payload) -> Value:
            m.d.comb += [self.descriptors.valid.eq(1), self.descriptors.payload.eq(payload)]
            return self.descriptors.ready

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += rows.ready.eq(1)
                m.d.sync += [subject.eq(rows.payload), self.encode_row.eq(0)]
                with m.If(rows.valid):
                    m.next = "ROW"
                    with m.If(rows.payload.frame_start):
                        m.next = "TOP"
            with m.State("TOP"):
                m.d.comb += self.encode.eq(1)
                m.next = "ENCODING"
            with m.State("ENCODING"):
                with m.If(self.encoded):
                    m.next = "ROW"
            with m.State("ROW"):
                with m.If(passed_on(subject)):
                    m.next = "IDLE"
                    with m.If(subject.complete):
                        m.next = "CHECKSUM"
            with m.State("CHECKSUM"):
                m.d.comb += self.checksums.ready.eq(1)
                m.d.sync += self.checksum.eq(self.checksums.payload)
                with m.If(self.checksums.valid):
                    m.next = "VERDICT"
            with m.State("VERDICT"):
                with m.If(~subject.end_waits | self.verdict_known):
                    m.d.comb += self.close.eq(1)
                    m.d.sync += self.encode_row.eq(1)
                    m.next = "BOTTOM"
            with m.State("BOTTOM"):
                m.d.comb += self.encode.eq(1)
                m.next = "ENCODING BOTTOM"
            with m.State("ENCODING BOTTOM"):
                with m.If(self.encoded):
                    m.d.sync += self.encode_row.eq(self.encode_row + 1)
                    m.next = "BOTTOM"
                    with m.If(self.encode_row == self.bottom_rows):
                        m.next = "CLOSE"
            with m.State("CLOSE"):
                with m.If(passed_on(closing)):
                    m.next = "IDLE"
