# SPDX-License-Identifier: Apache-2.0
"""Where a block waits for its check."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .framing import CHECK_BYTES

__all__ = ["BUFFER_ENTRIES", "BlockBuffer", "BufferEntry"]

BUFFER_ENTRIES = 2048
"""A block RAM of 9-bit words: a block that is being written out, and the next one."""


class BufferEntry(data.Struct):
    """A byte of a block, from its address on; ``first`` where a block begins."""

    byte: 8
    first: 1


class BlockBuffer(wiring.Component):
    """A ring whose newest entries count only once they are accepted.

    ::

        read ──► accepted ──► place
         │ entries to be taken │ the block that is coming in

    Members
    -------
    write : In(1), written : In(BufferEntry)
        Ignored, and ``lost`` is set, while ``full``.
    accept : In(1)
        Pulse: what has come since the last one may be taken, but for the last `CHECK_BYTES`.
    refuse : In(1)
        Pulse: what has come since then is forgotten.
    full : Out(1)
        At least 2 clocks old: entries come at least 3 clocks apart.
    available : Out(1), entry : Out(BufferEntry)
        The oldest entry that was accepted; 3 clocks after ``take``, the next one.
    take : In(1)
    """

    write: In(1)
    written: In(BufferEntry)
    accept: In(1)
    refuse: In(1)
    full: Out(1)
    available: Out(1)
    entry: Out(BufferEntry)
    take: In(1)

    def __init__(self):
        super().__init__()
        # Seen by proofs as well.
        self.read, self.accepted, self.place = (
            Signal(range(BUFFER_ENTRIES), name=name) for name in ("read", "accepted", "place"))

    def elaborate(self, platform):
        m = Module()
        width = Shape.cast(BufferEntry).width
        # As in `BlockMemory`, which leaves parity bits out: a memory that answers at once, and a
        # register. An entry is never read in the clock in which it is written.
        m.submodules.entries = entries = memory.Memory(
            shape=width, depth=BUFFER_ENTRIES, init=[],
            attrs={"ram_style": "block", "no_rw_check": 1})
        writer, reader = entries.write_port(), entries.read_port(domain="comb")
        read, accepted, place = self.read, self.accepted, self.place
        found, entry = (Signal(width, reset_less=True, name=name) for name in ("found", "entry"))
        low = CHECK_BYTES.bit_length() - 1
        end = Cat(place[:low], (place[low:] - 1)[:len(place) - low])
        m.d.comb += [
            writer.addr.eq(place), writer.data.eq(self.written.as_value()),
            writer.en.eq(self.write & ~self.full),
            reader.addr.eq(read), self.entry.as_value().eq(entry),
        ]
        m.d.sync += [
            found.eq(reader.data), entry.eq(found),
            self.full.eq((place + 1)[:len(place)] == read), self.available.eq(accepted != read),
        ]
        with m.If(self.accept):
            m.d.sync += [accepted.eq(end), place.eq(end)]
        with m.Elif(self.refuse):
            m.d.sync += place.eq(accepted)
        with m.Elif(self.write & ~self.full):
            m.d.sync += place.eq(place + 1)
        with m.If(self.take):
            m.d.sync += read.eq(read + 1)
        return m
