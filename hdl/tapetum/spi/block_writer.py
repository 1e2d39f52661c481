# SPDX-License-Identifier: Apache-2.0
"""Accepted blocks to the registers, and registers to whoever reads."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..registers.bus import ACCESS_INTERVAL_CYCLES, RegisterBus
from .block_buffer import BufferEntry

__all__ = ["WRITE_INTERVAL_CYCLES", "BlockWriter"]

WRITE_INTERVAL_CYCLES = 2 * ACCESS_INTERVAL_CYCLES
"""Leaves every other turn on the bus to the hosts that have less to say."""


class BlockWriter(wiring.Component):
    """Writes the bytes of accepted blocks to ascending addresses, one every 16 clocks.

    Reads and writes never overlap: they have one address between them.

    Members
    -------
    available : In(1), entry : In(BufferEntry), take : Out(1)
        Of `BlockBuffer`.
    hold : In(1)
        Do not write: the registers would not take it.
    set_high, set_low : In(1), byte : In(8)
        Pulses: this is a half of the address to be read.
    fetch : In(1)
        Pulse, while nothing is available: read the next byte.
    fetching : Out(1), fetched : Out(8)
        It has not come yet; the last one that came.
    bus : Out(RegisterBus), waits : In(1)
    """

    available: In(1)
    entry: In(BufferEntry)
    take: Out(1)
    hold: In(1)
    set_high: In(1)
    set_low: In(1)
    byte: In(8)
    fetch: In(1)
    fetching: Out(1)
    fetched: Out(8)
    bus: Out(RegisterBus())
    waits: In(1)

    def __init__(self):
        super().__init__()
        # Seen by proofs as well.
        self.pause = Signal(range(WRITE_INTERVAL_CYCLES))

    def elaborate(self, platform):
        m = Module()
        address, is_low, pause = Signal(16), Signal(), self.pause
        bus, entry = self.bus, self.entry
        m.d.comb += [
            self.take.eq(self.available & (pause == 0) & ~self.hold & ~self.waits),
            self.fetched.eq(bus.read_data),
            bus.address.eq(address),
        ]
        m.d.sync += [bus.write.eq(0), bus.read.eq(self.fetch)]
        with m.If(self.take):
            m.d.sync += [pause.eq(WRITE_INTERVAL_CYCLES - 1), is_low.eq(entry.first),
                         bus.write.eq(~entry.first & ~is_low), bus.write_data.eq(entry.byte)]
        with m.Elif((pause != 0) & ~self.waits):
            m.d.sync += pause.eq(pause - 1)
        with m.If(bus.write | bus.read):
            m.d.sync += address.eq(address + 1)
        with m.If(self.set_high | (self.take & entry.first)):
            m.d.sync += address[8:].eq(Mux(self.set_high, self.byte, entry.byte))
        with m.If(self.set_low | (self.take & is_low)):
            m.d.sync += address[:8].eq(Mux(self.set_low, self.byte, entry.byte))
        with m.If(self.fetch):
            m.d.sync += self.fetching.eq(1)
        with m.Elif(bus.read_valid):
            m.d.sync += self.fetching.eq(0)
        return m
