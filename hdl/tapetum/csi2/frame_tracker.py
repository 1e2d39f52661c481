# SPDX-License-Identifier: Apache-2.0
"""Where frames begin and end on each virtual channel, and which rows keep their slot."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT
from ..pixel import RowTag
from ..stream.queue import Queue
from .formats import GROUP_PIXELS
from .row_collector import CollectedRow
from .row_descriptor import RowDescriptor

__all__ = ["FrameTracker"]


class FrameTracker(wiring.Component):
    """Turns collected rows into descriptors: frame start with the first row, frame end with the
    last, separately for each virtual channel.

    A row that finds no free slot is dropped as a whole. If it was the first of its frame, the
    frame start comes with the next row that is stored; if it was the last, a descriptor without a
    row ends the frame. A frame whose last row never came is ended when the next one begins.

    Members
    -------
    began, began_tag, ended, row, accept, may_store
        Of the `RowCollector`.
    encode : Out(1), encode_frame : Out(16), encode_groups : Out(12), encoded : In(1)
        Has the embedded row of a frame written before the descriptor that announces it.
    descriptors : Out(stream of RowDescriptor)
    verdict_wanted : In(FRAMES_IN_FLIGHT)
        Frames whose end waits for their verdict, by the low bits of their number. The end of a
        frame that has lost its last row never waits.
    released : In(stream of 1)
        One beat for each slot that is free again.
    overflow : Out(1)
        Strobe for each row that was lost.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "began": In(1), "began_tag": In(RowTag),
            "ended": In(1), "row": In(CollectedRow), "accept": Out(1),
            "may_store": Out(1),
            "encode": Out(1), "encode_frame": Out(16),
            "encode_groups": Out(range(config.array.columns // GROUP_PIXELS + 1)),
            "encoded": In(1),
            "verdict_wanted": In(FRAMES_IN_FLIGHT),
            "descriptors": Out(stream.Signature(RowDescriptor)),
            "released": In(stream.Signature(1)),
            "overflow": Out(1),
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

        # Of each virtual channel: a frame is open, which one, and whether its end is still owed.
        is_open, owes_end = Signal(channels), Signal(channels)
        open_frame = Signal(data.ArrayLayout(16, channels), reset_less=True)
        pushed_end = Signal(channels)
        lost_end = Signal()
        began_channel, channel = self.began_tag.capture, self.row.tag.capture
        m.d.comb += lost_end.eq(self.began & is_open.bit_select(began_channel, 1)
                                & (open_frame[began_channel] != self.began_tag.frame))

        m.submodules.stored_rows = stored_rows = Queue(RowDescriptor, rows)
        # With four lanes a row may be a single beat, so that it ends in the clock in which it is
        # seen to begin a frame too early.
        lost_same = lost_end & (began_channel == channel) if self.config.lanes == 4 else C(0, 1)
        m.d.comb += [
            self.accept.eq(self.ended & self.row.stored & ~lost_same
                           & ~owes_end.bit_select(channel, 1)),
            stored_rows.i.valid.eq(self.accept),
            stored_rows.i.payload.virtual_channel.eq(channel),
            stored_rows.i.payload.frame.eq(self.row.tag.frame),
            stored_rows.i.payload.line_number.eq(self.row.tag.row + 1),
            stored_rows.i.payload.data_format.eq(self.row.data_format),
            stored_rows.i.payload.groups.eq(self.row.groups),
            stored_rows.i.payload.frame_start.eq(~is_open.bit_select(channel, 1)),
            stored_rows.i.payload.has_row.eq(1),
            stored_rows.i.payload.frame_end.eq(self.row.frame_last),
            stored_rows.i.payload.end_waits.eq(
                self.verdict_wanted.bit_select(self.row.tag.frame[:2], 1)),
        ]
        m.d.sync += [
            self.overflow.eq(self.ended & ~self.accept),
            owes_end.eq(owes_end & ~pushed_end),
        ]
        with m.If(self.accept):
            m.d.sync += [
                is_open.bit_select(channel, 1).eq(~self.row.frame_last),
                open_frame[channel].eq(self.row.tag.frame),
            ]
        with m.Elif(self.ended & self.row.frame_last & is_open.bit_select(channel, 1)
                    & (open_frame[channel] == self.row.tag.frame)):
            m.d.sync += [
                is_open.bit_select(channel, 1).eq(0),
                owes_end.bit_select(channel, 1).eq(1),
            ]
        with m.If(lost_end):
            m.d.sync += [
                is_open.bit_select(began_channel, 1).eq(0),
                owes_end.bit_select(began_channel, 1).eq(1),
            ]

        self._announce(m, stored_rows.o, owes_end, open_frame, pushed_end)
        return m

    def _announce(self, m: Module, rows, owes_end, open_frame, pushed_end) -> None:
        """Sends descriptors: stored rows first, as an owed end is never older than one of them."""
        channel = Signal(2)
        m.d.comb += [
            self.encode_frame.eq(rows.payload.frame),
            self.encode_groups.eq(rows.payload.groups),
        ]
        with m.FSM():
            with m.State("IDLE"):
                for number in reversed(range(len(owes_end))):
                    with m.If(owes_end[number]):
                        m.d.sync += channel.eq(number)
                with m.If(rows.valid & rows.payload.frame_start):
                    m.d.comb += self.encode.eq(1)
                    m.next = "EMBEDDED"
                with m.Elif(rows.valid):
                    m.next = "ROW"
                with m.Elif(owes_end.any()):
                    m.next = "END"
            with m.State("EMBEDDED"):
                with m.If(self.encoded):
                    m.next = "ROW"
            with m.State("ROW"):
                m.d.comb += [
                    self.descriptors.valid.eq(1),
                    self.descriptors.payload.eq(rows.payload),
                    rows.ready.eq(self.descriptors.ready),
                ]
                with m.If(self.descriptors.ready):
                    m.next = "IDLE"
            with m.State("END"):
                m.d.comb += [
                    self.descriptors.valid.eq(1),
                    self.descriptors.payload.virtual_channel.eq(channel),
                    self.descriptors.payload.frame.eq(open_frame[channel]),
                    self.descriptors.payload.frame_end.eq(1),
                ]
                with m.If(self.descriptors.ready):
                    m.d.comb += pushed_end.bit_select(channel, 1).eq(1)
                    m.next = "IDLE"
