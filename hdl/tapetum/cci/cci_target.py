# SPDX-License-Identifier: Apache-2.0
"""Camera control interface: an I2C target whose bytes are registers."""

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from ..registers.bus import RegisterBus
from .line_events import LineEvents
from .line_filter import LineFilter
from .packet_error_code import PacketErrorCode
from .protected_write import ProtectedWrite

__all__ = ["DEVICE_ADDRESS", "SECOND_DEVICE_ADDRESS", "CciTarget", "Part"]

DEVICE_ADDRESS, SECOND_DEVICE_ADDRESS = 0x10, 0x37
"""Of 7 bits: what CCS gives every camera, and what it gives the second one on a bus."""
_BYTE_BITS, _ACKNOWLEDGED = 8, 9


class Part(enum.Enum, shape=3):
    """Which byte of a transfer is under way."""

    IDLE = 0
    """None that concerns this target, until the next start."""
    DEVICE = 1
    INDEX_HIGH = 2
    INDEX_LOW = 3
    WRITE = 4
    READ = 5


class CciTarget(wiring.Component):
    """Turns transfers on two open-drain lines into accesses of the register bus.

    ::

        start device+W index-high index-low data ... stop                writes, ascending
        start device+W index-high index-low start device+R data ... stop  reads, ascending
        start device+R data ... stop                                      reads on from the index

    Every byte of a transfer that is addressed here is acknowledged; registers that do not exist
    read as zero. The target samples the lines in ``sync`` and never holds the clock. Whatever the
    lines do, a start or a stop brings it back, and it pulls the data line in acknowledge bits and
    in bits that the host reads alone.

    With ``pec`` a write ends with the packet error code of all bytes since the start, and applies
    after its stop if the code is right: one to four bytes of data, or none to set the index. The
    code of what was read last is in ``read_code``: the target cannot know which byte is the last.

    Parameters
    ----------
    filter_cycles : int
        Clocks for which a line must keep its level: 50 ns, but at most a fifth of the shortest
        phase of the clock line.

    Members
    -------
    scl, sda : In(1)
        Asynchronous levels of the lines.
    pull_sda : Out(1)
        Pull the data line down; registered.
    second_address : In(1)
        Answer to `SECOND_DEVICE_ADDRESS` instead.
    pec : In(1)
        Stable as long as a transfer is under way.
    pec_error : Out(1)
        Pulse: a write was dropped.
    read_code : Out(8)
    bus : Out(RegisterBus)
        A read is answered within the high phase of the clock line: 10 clocks, and as long as the
        bus lets it wait.

    Sources: MIPI CCS 1.1, 6 (CCI); I2C-bus specification UM10204 rev. 7, 3.1.
    """

    def __init__(self, *, filter_cycles: int = 4):
        self.filter_cycles = filter_cycles
        super().__init__({
            "scl": In(1, init=1), "sda": In(1, init=1), "pull_sda": Out(1),
            "second_address": In(1), "pec": In(1), "pec_error": Out(1), "read_code": Out(8),
            "bus": Out(RegisterBus()),
        })
        # Seen by proofs as well.
        self.events = LineEvents()
        self.part, self.bits, self.byte = Signal(Part), Signal(range(_ACKNOWLEDGED + 1)), Signal(8)
        self.continues = Signal()

    def elaborate(self, platform):
        m = Module()
        m.submodules.events = events = self.events
        for name in ("scl", "sda"):
            m.submodules[f"{name}_filter"] = line = LineFilter(self.filter_cycles)
            m.d.comb += [line.i.eq(getattr(self, name)), getattr(events, name).eq(line.o)]
        m.submodules.code = code = PacketErrorCode()
        m.submodules.protected = protected = ProtectedWrite()
        part, bits, byte = self.part, self.bits, self.byte
        sampled, index, open_ = Signal(), Signal(16), Signal()
        is_byte, is_acknowledged, gives = Signal(), Signal(), Signal()
        m.d.comb += [
            is_byte.eq(bits == _BYTE_BITS), is_acknowledged.eq(bits == _ACKNOWLEDGED),
            # The next byte is one for the host.
            gives.eq(events.falls & is_acknowledged & (
                ((part == Part.DEVICE) & byte[0]) | ((part == Part.READ) & self.continues))),
        ]

        # The bus: the byte that was written, or the next one to be read.
        write, read = Signal(), Signal()
        m.d.comb += [
            self.bus.address.eq(index), self.bus.read.eq(read),
            self.bus.write.eq(write | protected.write),
            self.bus.write_data.eq(Mux(protected.write, protected.data, byte)),
        ]
        m.d.sync += [write.eq(0), read.eq(0)]

        own = Mux(self.second_address, SECOND_DEVICE_ADDRESS, DEVICE_ADDRESS)
        with m.If(events.rises & (part != Part.IDLE)):
            m.d.sync += [bits.eq(bits + 1), sampled.eq(events.bit)]
            with m.If(is_byte):
                m.d.sync += self.continues.eq(~events.bit)
                with m.If((part == Part.READ) & ~events.bit):
                    m.d.sync += read.eq(1)
            with m.Elif(part != Part.READ):
                m.d.sync += byte.eq(Cat(events.bit, byte))
        with m.If(events.falls & is_byte):
            with m.Switch(part):
                with m.Case(Part.DEVICE):
                    m.d.sync += [self.pull_sda.eq(1), read.eq(byte[0])]
                    with m.If(byte[1:] != own):
                        m.d.sync += [part.eq(Part.IDLE), self.pull_sda.eq(0), read.eq(0)]
                with m.Case(Part.INDEX_HIGH):
                    m.d.sync += [self.pull_sda.eq(1), index[8:].eq(byte)]
                with m.Case(Part.INDEX_LOW):
                    m.d.sync += [self.pull_sda.eq(1), index[:8].eq(byte)]
                with m.Case(Part.WRITE):
                    m.d.sync += [self.pull_sda.eq(1), write.eq(~self.pec)]
                with m.Case(Part.READ):
                    m.d.sync += self.pull_sda.eq(0)
        with m.If(events.falls & is_acknowledged):
            m.d.sync += [bits.eq(0), self.pull_sda.eq(0)]
            with m.Switch(part):
                with m.Case(Part.DEVICE):
                    m.d.sync += part.eq(Mux(byte[0], Part.READ, Part.INDEX_HIGH))
                with m.Case(Part.INDEX_HIGH):
                    m.d.sync += part.eq(Part.INDEX_LOW)
                with m.Case(Part.INDEX_LOW):
                    m.d.sync += part.eq(Part.WRITE)
                with m.Case(Part.READ):
                    with m.If(~self.continues):
                        m.d.sync += part.eq(Part.IDLE)
        with m.If(gives):
            m.d.sync += [byte.eq(self.bus.read_data), self.pull_sda.eq(~self.bus.read_data[7])]
        with m.If(events.falls & (part == Part.READ) & (bits != 0) & ~is_byte & ~is_acknowledged):
            m.d.sync += [byte.eq(byte << 1), self.pull_sda.eq(~byte[6])]
        with m.If(write | protected.write | gives):
            m.d.sync += index.eq(index + 1)

        with m.If(events.starts | events.stops):
            m.d.sync += [bits.eq(0), self.pull_sda.eq(0), open_.eq(events.starts),
                         part.eq(Mux(events.starts, Part.DEVICE, Part.IDLE))]

        # The code runs through repeated starts. A bit counts when the clock falls behind it: none
        # falls between the last rise and a start or stop.
        m.d.comb += [
            code.clear.eq(events.starts & ~open_), code.bit.eq(sampled),
            code.valid.eq(events.falls & (part != Part.IDLE) & (bits != 0) & ~is_acknowledged),
            protected.enable.eq(self.pec), protected.byte.eq(byte),
            protected.take.eq(events.falls & is_byte & (part == Part.WRITE)),
            protected.ends.eq(events.stops | events.starts),
            protected.right.eq((code.code == 0) & (bits == 1)),
            self.pec_error.eq(protected.refused),
        ]
        with m.If(events.stops):
            m.d.sync += self.read_code.eq(code.code)
        return m
