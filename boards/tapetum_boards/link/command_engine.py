# SPDX-License-Identifier: Apache-2.0
"""Does what a packet asks for, and answers."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.crc.catalog import CRC32_ETHERNET
from amaranth.lib.wiring import In, Out

from .board_bus import BoardBus
from .packet_format import CODE_BYTES, MAXIMUM_BYTES, Command, Status
from .packet_receiver import PacketHeader
from .slip import PacketByte

__all__ = ["CommandEngine"]


class CommandEngine(wiring.Component):
    """One access after the other; the answer to a read leaves while it is read.

    A write whose answer was lost may be sent again: it only writes the same once more.

    Members
    -------
    held, header, data_bytes, address, byte, release
        Of `PacketReceiver`.
    bus : Out(BoardBus)
    answer : Out(stream of PacketByte)
    """

    def __init__(self):
        super().__init__({
            "held": In(1), "header": In(PacketHeader), "data_bytes": In(10),
            "address": Out(10), "byte": In(8), "release": Out(1),
            "bus": Out(BoardBus()), "answer": Out(stream.Signature(PacketByte)),
        })

    def elaborate(self, platform):
        m = Module()
        header, bus, answer = self.header, self.bus, self.answer
        m.submodules.code = code = CRC32_ETHERNET().create()
        left = Signal(range(MAXIMUM_BYTES + 1))
        place = Signal(range(MAXIMUM_BYTES + 1))
        status = Signal(Status)
        found = Signal(8, reset_less=True)
        is_read = header.command == Command.READ
        sent = answer.valid & answer.ready
        m.d.comb += [
            self.address.eq(place), bus.write.eq(~is_read), bus.write_data.eq(self.byte),
            code.start.eq(~self.held),
            code.valid.eq(sent & ~answer.payload.end), code.data.eq(answer.payload.byte),
        ]
        coded = Signal(range(CODE_BYTES))

        def sends(byte: Value):
            return [answer.valid.eq(1), answer.payload.byte.eq(byte)]

        with m.FSM():
            with m.State("rest"):
                m.d.sync += [place.eq(0), left.eq(header.count), status.eq(Status.DONE)]
                m.d.sync += [bus.address.eq(header.address), coded.eq(0)]
                with m.If(self.held):
                    with m.If(~is_read & (header.command != Command.WRITE)):
                        m.d.sync += [status.eq(Status.UNKNOWN_COMMAND), left.eq(0)]
                    with m.Elif((header.count == 0) | (header.count > MAXIMUM_BYTES)
                                | (self.data_bytes != Mux(is_read, 0, header.count))):
                        m.d.sync += [status.eq(Status.WRONG_COUNT), left.eq(0)]
                    m.next = "number"
            with m.State("number"):
                m.d.comb += sends(header.sequence)
                with m.If(answer.ready):
                    m.next = "decide"
            with m.State("decide"):
                with m.If(left == 0):
                    m.next = "status"
                with m.Else():
                    m.d.comb += bus.request.eq(1)
                    m.next = "access"
            with m.State("access"):
                with m.If(bus.done):
                    with m.If(bus.refused):
                        m.d.sync += status.eq(Status.REFUSED)
                    m.d.sync += [place.eq(place + 1), left.eq(left - 1), found.eq(bus.read_data)]
                    m.next = "next"
                    with m.If(is_read):
                        m.next = "data"
            with m.State("data"):
                m.d.comb += sends(found)
                with m.If(answer.ready):
                    m.next = "next"
            with m.State("next"):
                m.d.sync += bus.address.eq(bus.address + 1)
                m.next = "decide"
            with m.State("status"):
                m.d.comb += sends(status)
                with m.If(answer.ready):
                    m.next = "code"
            with m.State("code"):
                checked = Signal(32, reset_less=True)
                with m.If(coded == 0):
                    m.d.sync += checked.eq(code.crc >> 8)
                with m.Elif(answer.ready):
                    m.d.sync += checked.eq(checked >> 8)
                m.d.comb += sends(Mux(coded == 0, code.crc[:8], checked[:8]))
                m.d.comb += code.valid.eq(0)
                with m.If(answer.ready):
                    m.d.sync += coded.eq(coded + 1)
                    with m.If(coded == CODE_BYTES - 1):
                        m.next = "end"
            with m.State("end"):
                m.d.comb += [answer.valid.eq(1), answer.payload.end.eq(1)]
                with m.If(answer.ready):
                    m.d.comb += self.release.eq(1)
                    m.next = "released"
            with m.State("released"):
                m.next = "rest"
        return m
