# SPDX-License-Identifier: Apache-2.0
"""Rows of codes as packets on a serial line."""

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.crc.catalog import CRC32_ETHERNET
from amaranth.lib.wiring import In, Out

from tapetum.config import DieConfig

from ..link.packet_format import CODE_BYTES
from ..link.slip import PacketByte
from .small_converter import SmallCode

__all__ = ["ROW_HEADER_BYTES", "RowSender"]

ROW_HEADER_BYTES = 3
"""Frame, kind of row, row within its kind; then a byte per column."""


class RowSender(wiring.Component):
    """Keeps a row as it comes, and sends it at the serial line's pace.

    Packets are like those of the other boards: CRC-32 behind the content, marks at the ends.

    Parameters
    ----------
    config : DieConfig
        Of eight bits; a row must be sent before the next one comes.

    Members
    -------
    codes : In(stream of SmallCode)
    bytes : Out(stream of PacketByte)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "codes": In(stream.Signature(SmallCode(config.adc.bits), always_ready=True)),
            "bytes": Out(stream.Signature(PacketByte)),
        })

    def elaborate(self, platform):
        m = Module()
        columns, given, out = self.config.array.total_columns, self.codes.payload, self.bytes
        m.submodules.row = row = memory.Memory(shape=8, depth=columns, init=[])
        write, read = row.write_port(), row.read_port()
        m.submodules.check = check = CRC32_ETHERNET().create()
        with m.If(self.codes.valid):
            m.d.sync += write.addr.eq(write.addr + 1)
            with m.If(given.line_last):
                m.d.sync += write.addr.eq(0)
        m.d.comb += [write.en.eq(self.codes.valid), write.data.eq(given.code)]

        left = Signal(range(max(columns, CODE_BYTES)))
        place, ahead = Signal(range(columns)), Signal(range(columns))
        kept = Signal(32)
        sent = out.valid & out.ready
        # The memory answers a clock later: the place is asked for as it is about to be reached.
        m.d.comb += [ahead.eq(place), read.addr.eq(ahead)]
        m.d.comb += [check.data.eq(out.payload.byte),
                     check.valid.eq(sent & ~out.payload.end), out.valid.eq(1)]
        with m.FSM():
            with m.State("rest"):
                m.d.comb += [out.valid.eq(0), check.start.eq(1)]
                m.d.sync += [place.eq(0), left.eq(columns - 1)]
                with m.If(self.codes.valid & given.line_last):
                    m.next = "frame"
            for name, value, following in (
                    ("frame", given.tag.frame[:8], "kind"), ("kind", given.tag.row_kind, "row"),
                    ("row", given.tag.row[:8], "codes")):
                with m.State(name):
                    m.d.comb += out.payload.byte.eq(value)
                    with m.If(sent):
                        m.next = following
            with m.State("codes"):
                m.d.comb += out.payload.byte.eq(read.data)
                with m.If(sent):
                    m.d.comb += ahead.eq(place + 1)
                    m.d.sync += [place.eq(place + 1), left.eq(left - 1)]
                    with m.If(left == 0):
                        m.d.sync += left.eq(CODE_BYTES - 1)
                        m.next = "settle"
            with m.State("settle"):
                m.d.comb += out.valid.eq(0)
                m.d.sync += kept.eq(check.crc)
                m.next = "check"
            with m.State("check"):
                m.d.comb += [out.payload.byte.eq(kept), check.valid.eq(0)]
                with m.If(sent):
                    m.d.sync += [kept.eq(kept >> 8), left.eq(left - 1)]
                    with m.If(left == 0):
                        m.next = "end"
            with m.State("end"):
                m.d.comb += out.payload.end.eq(1)
                with m.If(sent):
                    m.next = "rest"
        return m
