# SPDX-License-Identifier: Apache-2.0
"""What the host writes into a window of the register space, entry by entry."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .bus import WindowBus
from .definition import MemoryWindow

__all__ = ["WindowWriter"]


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
