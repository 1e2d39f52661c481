# SPDX-License-Identifier: Apache-2.0
"""Rows into packets: frame start, embedded rows, line start, pixels, line end, frame end."""

from amaranth import *
from amaranth.hdl import ValueLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import DataFormat
from ..stream.skid_buffer import SkidBuffer
from .bottom_rows import bottom_rows
from .crc import FRAME_CHECKSUM
from .embedded_encoder import EmbeddedGroup
from .formats import DataType, group_bytes, packet_data_type, select_by_format
from .frame_checksum import FrameChecksum
from .gearbox import Gearbox
from .group_reader import GroupReader
from .packets import PacketSource, PayloadWord
from .row_collector import row_buffer_words
from .row_descriptor import RowDescriptor, RowGroup, frame_number
from .verdict_packets import SentFrame

__all__ = ["RowSender"]

_SUMMANDS = {4: (4, 0), 5: (4, 1), 6: (4, 2), 7: (8, -1), 8: (8, 0), 10: (8, 2), 12: (8, 4)}
"""Bytes per group as two powers of two."""


class RowSender(wiring.Component):
    """The source of pixel packets.

    Each descriptor of a row becomes one to five packets, one that closes a frame the bottom rows
    and the frame end. A long packet is offered while its first groups are being read, about eight
    clocks after the packet before it has left.

    Members
    -------
    rows : In(stream of RowDescriptor)
    embedded_groups : In(stream of EmbeddedGroup)
    read_enable, read_address, read_group
        Read port of the row memory.
    verdict_sent : In(SentFrame)
        What a frame end that waits has to wait for.
    released : Out(stream of 1)
        One beat for each row that has been sent; is never kept waiting.
    checksums : Out(stream of 32)
        CRC-32 of the pixels of a frame that is complete.
    packets : Out(PacketSource(byte_lanes))
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "rows": In(stream.Signature(RowDescriptor)),
            "embedded_groups": In(stream.Signature(EmbeddedGroup)),
            "read_enable": Out(1), "read_address": Out(range(row_buffer_words(config))),
            "read_group": In(RowGroup),
            "verdict_sent": In(SentFrame),
            "released": Out(stream.Signature(1)),
            "checksums": Out(stream.Signature(FRAME_CHECKSUM.width)),
            "packets": Out(PacketSource(config.csi2.byte_lanes)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.reader = reader = GroupReader(self.config)
        byte_lanes = self.config.csi2.byte_lanes
        m.submodules.gearbox = gearbox = Gearbox(byte_lanes)
        m.submodules.checksum = checksum = FrameChecksum(byte_lanes)
        m.submodules.skid = skid = SkidBuffer(PayloadWord(byte_lanes))
        connect(m, reader.o, gearbox.i)
        connect(m, gearbox.o, skid.i)
        connect(m, skid.o, flipped(self.packets.payload))
        connect(m, flipped(self.embedded_groups), reader.embedded_groups)

        row, header = self.rows.payload, self.packets.descriptors.payload
        row_type = Signal(DataType)
        select_by_format(m, row.data_format, row_type, packet_data_type)
        # Bytes of a row as a sum of two, in two steps: known before the packet is offered.
        row_bytes = Signal(16, reset_less=True)
        summands = [Signal(signed(17), reset_less=True, name=name) for name in ("large", "small")]
        with m.Switch(row.data_format):
            for data_format in DataFormat:
                with m.Case(data_format):
                    m.d.sync += [
                        summand.eq(_times(row.groups, factor)) for summand, factor
                        in zip(summands, _SUMMANDS[group_bytes(data_format)], strict=True)]
        m.d.sync += row_bytes.eq(summands[0] + summands[1])
        m.d.comb += [
            reader.groups.eq(row.groups),
            reader.data_format.eq(row.data_format),
            self.read_enable.eq(reader.read_enable),
            self.read_address.eq(reader.read_address),
            reader.read_group.eq(self.read_group),
            header.virtual_channel.eq(row.virtual_channel),
        ]

        # A verdict that comes out of turn, or never, must not hold the link: a later one does.
        ahead = Signal(signed(16), reset_less=True)
        may_end = Signal()
        m.d.sync += [ahead.eq(self.verdict_sent.frame - row.frame),
                     may_end.eq(~row.end_waits | (self.verdict_sent.any & (ahead >= 0)))]

        def go_on(following: str | tuple[str, str]) -> None:
            """To one state, or to the first with line synchronisation and else the second."""
            if isinstance(following, str):
                m.next = following
                return
            m.next = following[1]
            with m.If(row.line_sync):
                m.next = following[0]

        def short_packet(state: str, data_type: DataType, number, following,
                         allowed: ValueLike = 1) -> None:
            with m.State(state):
                m.d.comb += [
                    self.packets.descriptors.valid.eq(allowed),
                    header.data_type.eq(data_type),
                    header.word_count.eq(number),
                ]
                with m.If(self.packets.descriptors.ready & allowed):
                    go_on(following)

        # Bytes of the last word of a row; the others are full.
        word, left_over = self.packets.payload, Signal(range(byte_lanes + 1), reset_less=True)
        rest = row_bytes[:byte_lanes.bit_length() - 1]
        m.d.sync += left_over.eq(Mux(rest.any(), rest, byte_lanes))
        m.d.comb += [
            checksum.channel.eq(row.virtual_channel), checksum.first.eq(row.frame_start),
            checksum.word.eq(word.payload),
            checksum.count.eq(Mux(word.payload.last, left_over, byte_lanes)),
            self.checksums.payload.eq(checksum.value),
        ]

        offered = Signal()

        def long_packet(state: str, data_type, following, *, embedded: bool) -> None:
            with m.State(f"FETCH {state}"):
                m.d.comb += [reader.start.eq(1), reader.embedded.eq(embedded),
                             checksum.start.eq(not embedded)]
                m.d.sync += offered.eq(1)
                m.next = state
            with m.State(state):
                m.d.comb += [
                    reader.embedded.eq(embedded),
                    self.packets.descriptors.valid.eq(offered),
                    header.data_type.eq(data_type),
                    header.word_count.eq(row_bytes),
                ]
                with m.If(self.packets.descriptors.ready):
                    m.d.sync += offered.eq(0)
                if not embedded:
                    m.d.comb += checksum.strobe.eq(word.valid & word.ready)
                with m.If(word.valid & word.ready & word.payload.last):
                    if not embedded:
                        m.d.comb += [self.released.valid.eq(1), reader.next_slot.eq(1)]
                    go_on(following)

        to_pixels = ("LINE START", "FETCH PIXELS")
        bottom_last = len(bottom_rows(self.config)) - 1
        bottom_row = Signal(range(bottom_last + 1))
        with m.FSM():
            with m.State("IDLE"):
                with m.If(self.rows.valid):
                    with m.If(row.frame_start):
                        m.next = "FRAME START"
                    with m.Elif(row.has_row):
                        go_on(to_pixels)
                    with m.Elif(row.closes):
                        m.next = "FETCH BOTTOM"
                    with m.Else():
                        m.d.comb += checksum.start.eq(1)
                        m.next = "ROW SENT"
            short_packet("FRAME START", DataType.FRAME_START, frame_number(row.frame),
                     "FETCH EMBEDDED")
            long_packet("EMBEDDED", DataType.EMBEDDED, to_pixels, embedded=True)
            short_packet("LINE START", DataType.LINE_START, row.line_number, "FETCH PIXELS")
            long_packet("PIXELS", row_type, ("LINE END", "ROW SENT"), embedded=False)
            short_packet("LINE END", DataType.LINE_END, row.line_number, "ROW SENT")
            with m.State("ROW SENT"):
                with m.If(~checksum.busy):
                    m.next = "DONE"
                    with m.If(row.complete):
                        m.next = "REPORT"
            with m.State("REPORT"):
                m.d.comb += self.checksums.valid.eq(1)
                with m.If(self.checksums.ready):
                    m.next = "DONE"
            long_packet("BOTTOM", DataType.EMBEDDED, "BOTTOM SENT", embedded=True)
            with m.State("BOTTOM SENT"):
                m.d.sync += bottom_row.eq(bottom_row + 1)
                m.next = "FETCH BOTTOM"
                with m.If(bottom_row == bottom_last):
                    m.d.sync += bottom_row.eq(0)
                    m.next = "FRAME END"
            short_packet("FRAME END", DataType.FRAME_END, frame_number(row.frame), "DONE", may_end)
            with m.State("DONE"):
                m.d.comb += self.rows.ready.eq(1)
                m.next = "IDLE"
        return m


def _times(value: Value, factor: int) -> Value:
    """A shift, where yosys would share one multiplier between all formats."""
    if factor == 0:
        return C(0)
    shifted = value << abs(factor).bit_length() - 1
    return -shifted if factor < 0 else shifted
