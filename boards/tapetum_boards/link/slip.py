# SPDX-License-Identifier: Apache-2.0
"""Where packets begin and end on a line of bytes: SLIP, RFC 1055."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["END", "ESCAPE", "ESCAPED_END", "ESCAPED_ESCAPE", "PacketByte", "SlipDecoder",
           "SlipEncoder"]

END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE = 0xC0, 0xDB, 0xDC, 0xDD


class PacketByte(data.Struct):
    """A byte of a packet, or its end, which is no byte.

    Members
    -------
    broken : 1
        With ``end``: an escape made no sense.
    """

    byte: 8
    end: 1
    broken: 1


class SlipDecoder(wiring.Component):
    """Latency 1 clock. Whatever came before, a packet that begins behind an end mark is read.

    Members
    -------
    i : In(stream of 8), o : Out(stream of PacketByte)
        Both always ready. Ends of empty packets come as well.
    """

    i: In(stream.Signature(8, always_ready=True))
    o: Out(stream.Signature(PacketByte, always_ready=True))

    def elaborate(self, platform):
        m = Module()
        escaped, broken = Signal(), Signal()
        found = self.o.payload
        m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid):
            byte = self.i.payload
            m.d.sync += [self.o.valid.eq(byte != ESCAPE), escaped.eq(byte == ESCAPE),
                         found.end.eq(byte == END), found.byte.eq(byte)]
            with m.If(byte == END):
                m.d.sync += [found.broken.eq(broken | escaped), broken.eq(0)]
            with m.Elif(escaped):
                with m.If(byte == ESCAPED_END):
                    m.d.sync += found.byte.eq(END)
                with m.Elif(byte == ESCAPED_ESCAPE):
                    m.d.sync += found.byte.eq(ESCAPE)
                with m.Else():
                    m.d.sync += broken.eq(1)
        return m


class SlipEncoder(wiring.Component):
    """Latency 1 clock; a byte per clock, two for the two that must be escaped.

    Members
    -------
    i : In(stream of PacketByte)
        ``broken`` is ignored.
    o : Out(stream of 8)
    """

    i: In(stream.Signature(PacketByte))
    o: Out(stream.Signature(8))

    def elaborate(self, platform):
        m = Module()
        second = Signal()
        special = Signal()
        given = self.i.payload
        free = ~self.o.valid | self.o.ready
        m.d.comb += [
            special.eq(~given.end & ((given.byte == END) | (given.byte == ESCAPE))),
            self.i.ready.eq(free & (~special | second)),
        ]
        with m.If(free):
            m.d.sync += [self.o.valid.eq(self.i.valid), second.eq(self.i.valid & special & ~second)]
            with m.If(given.end):
                m.d.sync += self.o.payload.eq(END)
            with m.Elif(~special):
                m.d.sync += self.o.payload.eq(given.byte)
            with m.Elif(~second):
                m.d.sync += self.o.payload.eq(ESCAPE)
            with m.Else():
                m.d.sync += self.o.payload.eq(Mux(given.byte == END, ESCAPED_END, ESCAPED_ESCAPE))
        return m
