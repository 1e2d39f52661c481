# SPDX-License-Identifier: Apache-2.0
"""What stands behind a window of the register space."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from .bus import WindowBus
from .definition import MemoryWindow

__all__ = ["WindowMemory", "WindowWriter"]


class WindowWriter(wiring.Component):
    """Entries that the host writes byte by byte, handed on whole; they read back as zero.

    An entry is written with its last byte; the bytes before it are those written last, most
    significant first.

    Parameters
    ----------
    window : MemoryWindow

    Members
    -------
    window : In(WindowBus)
    written : Out(1), entry : Out, data : Out(8 * entry_bytes)
        Strobe, one clock after the last byte: the host wrote ``data`` to this entry.
    """

    def __init__(self, window: MemoryWindow):
        self.shape = window
        super().__init__({
            "window": In(WindowBus(window)),
            "written": Out(1), "entry": Out(range(window.entries)),
            "data": Out(8 * window.entry_bytes),
        })

    def elaborate(self, platform):
        m = Module()
        count, byte_bits = self.shape.entry_bytes, (self.shape.entry_bytes - 1).bit_length()
        byte, place = self.window.address[:byte_bits], self.window.address[byte_bits:]
        earlier = Signal(8 * count - 8, reset_less=True)
        word = Cat(self.window.write_data, earlier)
        with m.If(self.window.write):
            m.d.sync += earlier.eq(word)
        m.d.sync += [
            self.written.eq(self.window.write & (byte == count - 1)
                            & (place < self.shape.entries)),
            self.entry.eq(place), self.data.eq(word),
        ]
        return m


class WindowMemory(wiring.Component):
    """Entries that the host writes and reads back, and the die reads as words.

    Written as by `WindowWriter`. The content after a reset is whatever the host wrote before, or
    nothing in particular.

    Parameters
    ----------
    window : MemoryWindow

    Members
    -------
    window : In(WindowBus)
    written : Out(1), entry : Out, data : Out(8 * entry_bytes)
        Strobe: this entry is being written, and reads as ``data`` from the next clock on.
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
        window, byte_bits = self.window, (self.shape.entry_bytes - 1).bit_length()
        m.submodules.writer = writer = WindowWriter(self.shape)
        m.submodules.entries = entries = memory.Memory(
            shape=8 * self.shape.entry_bytes, depth=self.shape.entries, init=[])
        write, host, die = entries.write_port(), entries.read_port(), entries.read_port()
        read_byte = Signal(byte_bits, reset_less=True)
        m.d.sync += read_byte.eq(window.address[:byte_bits])
        m.d.comb += [
            writer.window.address.eq(window.address), writer.window.write.eq(window.write),
            writer.window.write_data.eq(window.write_data),
            self.written.eq(writer.written), self.entry.eq(writer.entry),
            self.data.eq(writer.data),
            write.addr.eq(writer.entry), write.data.eq(writer.data), write.en.eq(writer.written),
            host.addr.eq(window.address[byte_bits:]),
            window.read_data.eq(host.data.word_select(~read_byte, 8) if byte_bits else host.data),
            die.addr.eq(self.read_entry), self.read_data.eq(die.data),
        ]
        return m
