# SPDX-License-Identifier: Apache-2.0
"""A memory behind a window of the register space."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from .bus import WindowBus
from .definition import MemoryWindow

__all__ = ["WindowMemory"]


class WindowMemory(wiring.Component):
    """Entries that the host writes and reads back byte by byte, and the die reads as words.

    An entry changes as a whole, with the write of its last byte; the bytes before it are those
    written last, most significant first. The content after a reset is whatever the host wrote
    before, or nothing in particular.

    Parameters
    ----------
    window : MemoryWindow

    Members
    -------
    window : In(WindowBus)
    written : Out(1), entry : Out, data : Out(8 * entry_bytes)
        Strobe, one clock after the last byte: this entry now holds ``data``.
    read_entry : In, read_data : Out(8 * entry_bytes)
        For the die; latency 1 clock.
    """

    def __init__(self, window: MemoryWindow):
        self.shape = window
        bits, entries = 8 * window.entry_bytes, range(window.entries)
        super().__init__({
            "window": In(WindowBus(window)),
            "written": Out(1), "entry": Out(entries), "data": Out(bits),
            "read_entry": In(entries), "read_data": Out(bits),
        })

    def elaborate(self, platform):
        m = Module()
        window, count = self.window, self.shape.entry_bytes
        bits, byte_bits = 8 * count, (count - 1).bit_length()
        m.submodules.entries = entries = memory.Memory(
            shape=bits, depth=self.shape.entries, init=[])
        write, host, die = entries.write_port(), entries.read_port(), entries.read_port()
        byte, place = window.address[:byte_bits], window.address[byte_bits:]

        earlier = Signal(bits - 8, reset_less=True)
        word = Cat(window.write_data, earlier)
        with m.If(window.write):
            m.d.sync += earlier.eq(word)
        is_last = window.write & (byte == count - 1) & (place < self.shape.entries)
        m.d.sync += [self.written.eq(is_last), self.entry.eq(place), self.data.eq(word)]

        read_byte = Signal(byte_bits, reset_less=True)
        m.d.sync += read_byte.eq(byte)
        m.d.comb += [
            write.addr.eq(self.entry), write.data.eq(self.data), write.en.eq(self.written),
            host.addr.eq(place),
            window.read_data.eq(host.data.word_select(~read_byte, 8) if byte_bits else host.data),
            die.addr.eq(self.read_entry), self.read_data.eq(die.data),
        ]
        return m
