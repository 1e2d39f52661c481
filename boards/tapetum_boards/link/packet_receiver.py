# SPDX-License-Identifier: Apache-2.0
"""Keeps a packet until its code says that it is right."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.crc.catalog import CRC32_ETHERNET
from amaranth.lib.wiring import In, Out

from .packet_format import CODE_BYTES, HEADER_BYTES, MAXIMUM_BYTES
from .slip import PacketByte

__all__ = ["PacketHeader", "PacketReceiver"]

_BUFFER_BYTES = 1024


class PacketHeader(data.Struct):
    """Of a request."""

    count: 16
    address: 32
    command: 8
    sequence: 8


class PacketReceiver(wiring.Component):
    """One packet at a time: a host that does not wait for an answer loses what it sends meanwhile.

    Members
    -------
    i : In(stream of PacketByte)
        Always ready.
    held : Out(1), header : Out(PacketHeader), data_bytes : Out(range(...))
        A packet whose code is right, until ``release``.
    address : In, byte : Out(8)
        Of its data; latency 1 clock.
    release : In(1)
    dropped : Out(1)
        Strobe.
    """

    def __init__(self):
        super().__init__({
            "i": In(stream.Signature(PacketByte, always_ready=True)),
            "held": Out(1), "header": Out(PacketHeader),
            "data_bytes": Out(range(_BUFFER_BYTES)),
            "address": In(range(_BUFFER_BYTES)), "byte": Out(8),
            "release": In(1), "dropped": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.content = content = memory.Memory(shape=8, depth=_BUFFER_BYTES, init=[])
        write, read = content.write_port(), content.read_port()
        m.submodules.code = code = CRC32_ETHERNET().create()
        given = self.i.payload
        count = Signal(range(_BUFFER_BYTES + 1))
        longest = HEADER_BYTES + MAXIMUM_BYTES + CODE_BYTES
        fits = count != longest
        taken = self.i.valid & ~given.end & ~self.held
        m.d.comb += [
            code.valid.eq(taken & fits), code.data.eq(given.byte),
            code.start.eq(self.i.valid & given.end),
            write.addr.eq(count - HEADER_BYTES), write.data.eq(given.byte),
            write.en.eq(taken & fits),
            read.addr.eq(self.address), self.byte.eq(read.data),
        ]
        too_long = Signal()
        with m.If(taken):
            with m.If(fits):
                m.d.sync += count.eq(count + 1)
            with m.Else():
                m.d.sync += too_long.eq(1)
            with m.If(count < HEADER_BYTES):
                m.d.sync += self.header.eq(Cat(given.byte, Value.cast(self.header)[:-8]))
        m.d.sync += self.dropped.eq(0)
        with m.If(self.i.valid & given.end):
            m.d.sync += [count.eq(0), too_long.eq(0)]
            with m.If(~self.held & (count != 0)):
                good = (code.match_detected & ~too_long & ~given.broken
                        & (count >= HEADER_BYTES + CODE_BYTES))
                m.d.sync += [self.held.eq(good), self.dropped.eq(~good),
                             self.data_bytes.eq(count - HEADER_BYTES - CODE_BYTES)]
        with m.If(self.release):
            m.d.sync += self.held.eq(0)
        return m
