# SPDX-License-Identifier: Apache-2.0
"""The host's accesses on a bus with nothing behind it but 256 bytes."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from tapetum.registers.bus import READ_LATENCY_CYCLES
from tapetum_sim.frame.host_writes import HostWrites
from tapetum_sim.simulator import Recorder

__all__ = ["Access", "HostTop"]


class Access(data.Struct):
    """What began on the bus in ``cycle``."""

    cycle: 32
    address: 16
    byte: 8
    write: 1


class HostTop(wiring.Component):
    """Records every access, and answers reads as late as the bus allows."""

    host_post: In(1)
    host_done: Out(1)
    host_read: In(1)
    host_address: In(16)
    host_read_data: Out(8)

    def elaborate(self, platform):
        m = Module()
        m.submodules.host = host = HostWrites()
        m.submodules.pen = pen = Recorder(Access, "accesses")
        m.submodules.content = content = memory.Memory(shape=8, depth=256, init=[])
        writer, reader = content.write_port(), content.read_port(domain="comb")
        bus = host.bus
        cycle, due = Signal(32), Signal(READ_LATENCY_CYCLES - 1)
        m.d.sync += [cycle.eq(cycle + 1), due.eq((due << 1) | bus.read)]
        with m.If(due[-1]):
            m.d.sync += bus.read_data.eq(reader.data)
        m.d.comb += [
            host.post.eq(self.host_post),
            self.host_done.eq(host.done),
            host.read.eq(self.host_read),
            host.address.eq(self.host_address),
            self.host_read_data.eq(host.read_data),
            writer.en.eq(bus.write),
            writer.addr.eq(bus.address),
            writer.data.eq(bus.write_data),
            reader.addr.eq(bus.address),
            pen.valid.eq(bus.write | bus.read),
            pen.ready.eq(1),
            pen.payload.cycle.eq(cycle),
            pen.payload.address.eq(bus.address),
            pen.payload.byte.eq(bus.write_data),
            pen.payload.write.eq(bus.write),
        ]
        return m
