# SPDX-License-Identifier: Apache-2.0
"""Two lines of the picture, from the memory's clock to that of the monitor."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .layout import PictureLayout, Plane
from .line_reader import LineWrite

__all__ = ["LineBuffer"]


class LineBuffer(wiring.Component):
    """Pixels of both planes in one memory, marks in another: a read of each per clock.

    Latency of a read: a clock of ``pixel_domain``.

    Parameters
    ----------
    layout : PictureLayout
    pixel_domain : str

    Members
    -------
    line : In(LineWrite), in ``sync``
    parity : In(1), combined : In(1), column : In
        In ``pixel_domain``: which line, which of the two planes, which pixel.
    level : Out(8), mark : Out(1)
    """

    def __init__(self, layout: PictureLayout, pixel_domain: str = "pixel"):
        self.layout, self.pixel_domain = layout, pixel_domain
        super().__init__({
            "line": In(LineWrite(layout)),
            "parity": In(1), "combined": In(1), "column": In(range(layout.array.columns)),
            "level": Out(8), "mark": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        layout, line = self.layout, self.line
        of_marks = line.plane == Plane.MARKS.value
        bits = (layout.row_words(Plane.COMBINED) - 1).bit_length()
        mark_bits = (layout.row_words(Plane.MARKS) - 1).bit_length()
        m.submodules.pixels = pixels = Memory(shape=16, depth=4 << bits, init=[])
        m.submodules.marks = marks = Memory(shape=16, depth=2 << mark_bits, init=[])
        write, mark_write = pixels.write_port(), marks.write_port()
        read = pixels.read_port(domain=self.pixel_domain)
        mark_read = marks.read_port(domain=self.pixel_domain)
        m.d.comb += [
            write.addr.eq(Cat(line.place[:bits], line.plane[0], line.parity)),
            write.data.eq(line.word), write.en.eq(line.valid & ~of_marks),
            mark_write.addr.eq(Cat(line.place[:mark_bits], line.parity)),
            mark_write.data.eq(line.word), mark_write.en.eq(line.valid & of_marks),
            read.addr.eq(Cat(Cat(self.column[1:], C(0, bits))[:bits], self.combined,
                             self.parity)),
            mark_read.addr.eq(Cat(Cat(self.column[4:], C(0, mark_bits))[:mark_bits],
                                  self.parity)),
        ]
        place = Signal(4)
        m.d[self.pixel_domain] += place.eq(self.column)
        m.d.comb += [
            self.level.eq(Mux(place[0], read.data[:8], read.data[8:])),
            # Marks: the first byte of a word is its upper one, the first mark of a byte its lowest.
            self.mark.eq(mark_read.data.bit_select(place ^ 8, 1)),
        ]
        return m
