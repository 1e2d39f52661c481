# SPDX-License-Identifier: Apache-2.0
"""The host's register writes, many at a time, and its reads, byte by byte."""

from collections.abc import Iterator, Sequence

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES, RegisterBus

from ..simulator import Mailbox

__all__ = ["HOST_WRITES", "HostWrites", "letters"]

HOST_WRITES = "host_writes"
"""Name of the mailbox into which the host posts its :func:`letters`."""

_WRITES_PER_LETTER = 128


class _Letter(data.StructLayout):
    """The first ``count`` writes of a letter are made, the lowest first."""

    def __init__(self):
        super().__init__({
            "count": 8,
            "writes": data.ArrayLayout(data.StructLayout({"address": 16, "byte": 8}),
                                       _WRITES_PER_LETTER)})


class HostWrites(wiring.Component):
    """Makes the writes of a letter, as fast as the bus takes them. Simulation only.

    A program of an array is tens of thousands of bytes; a coroutine that makes each of them by
    itself takes longer than the die to look at a frame.

    Members
    -------
    post : In(1)
        Each change takes a letter.
    done : Out(1)
        Each change ends a letter; the next access may begin with the clock after.
    read : In(1), address : In(16)
        Reads a byte, while no letter is being worked on; see `RegisterBus`.
    read_data : Out(8)
    bus : Out(RegisterBus)
        To the die.
    """

    def __init__(self):
        super().__init__({"post": In(1), "done": Out(1), "read": In(1), "address": In(16),
                          "read_data": Out(8), "bus": Out(RegisterBus())})

    def elaborate(self, platform):
        m = Module()
        m.submodules.letter = letter = Mailbox(_Letter(), HOST_WRITES)
        taken, fresh = Signal(), Signal()
        m.d.sync += [taken.eq(self.post), fresh.eq(letter.load)]
        m.d.comb += letter.load.eq(self.post ^ taken)

        writes, left = Signal(_Letter()["writes"].shape), Signal(8)
        busy, interval = Signal(), Signal(range(ACCESS_INTERVAL_CYCLES))
        m.d.sync += self.bus.write.eq(0)
        with m.If(fresh):
            m.d.sync += [writes.eq(letter.data.writes), left.eq(letter.data.count),
                         busy.eq(1), interval.eq(0)]
        with m.Elif(busy):
            m.d.sync += interval.eq(interval + 1)
            with m.If(interval == 0):
                with m.If(left == 0):
                    m.d.sync += [busy.eq(0), self.done.eq(~self.done)]
                with m.Else():
                    m.d.sync += [
                        self.bus.write.eq(1), left.eq(left - 1),
                        self.bus.address.eq(writes[0].address),
                        self.bus.write_data.eq(writes[0].byte),
                        writes.eq(writes.as_value() >> len(writes[0].as_value())),
                    ]
        with m.Elif(self.read):
            m.d.sync += self.bus.address.eq(self.address)
        m.d.sync += self.bus.read.eq(self.read)
        m.d.comb += self.read_data.eq(self.bus.read_data)
        return m


def letters(writes: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """Letters that make all writes, ``(address, byte)``, in their order."""
    for first in range(0, len(writes), _WRITES_PER_LETTER):
        part = writes[first:first + _WRITES_PER_LETTER]
        content = b"".join(address.to_bytes(2, "little") + bytes([byte])
                           for address, byte in part)
        yield bytes([len(part)]) + content
