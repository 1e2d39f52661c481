# SPDX-License-Identifier: Apache-2.0
"""Rows of all planes from memory, a line of the screen ahead."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..memory.memory_port import BURST_WORDS, WORD_BITS, MemoryPort
from .layout import BUFFERS, PictureLayout, Plane

__all__ = ["LineReader", "LineWrite", "ShownBuffers"]


class LineWrite(data.StructLayout):
    """A word for the line buffer: ``place`` counts from the start of its plane in its line."""

    def __init__(self, layout: PictureLayout):
        super().__init__({
            "valid": 1, "plane": range(len(Plane)), "parity": 1,
            "place": range(layout.row_words(Plane.COMBINED)), "word": WORD_BITS,
        })


class ShownBuffers(data.Struct):
    """Where the frames on the screen are: a buffer for each `Plane`."""

    capture: range(BUFFERS)
    combined: range(BUFFERS)
    marks: range(BUFFERS)


class LineReader(wiring.Component):
    """All bursts of a line of all planes, one after another.

    At 640x480 a line lasts 1,440 clocks of 45 MHz, in which 43 bursts of a `qvga` frame take 560.

    Parameters
    ----------
    layout : PictureLayout
    address_bits : int
        Of the memory.

    Members
    -------
    start : In(1)
        Strobe: read what the next line of the screen shows.
    first : In(1)
        With ``start``: that is line 0.
    full : In(1), buffers : In(ShownBuffers)
        Still from line 0 to the last one.
    line : Out(LineWrite)
    late : Out(1)
        Strobe: the memory had not given a line when the next was asked for.
    memory : Out(MemoryPort)
    """

    def __init__(self, layout: PictureLayout, address_bits: int):
        self.layout, self.address_bits = layout, address_bits
        super().__init__({
            "start": In(1), "first": In(1), "full": In(1), "buffers": In(ShownBuffers),
            "line": Out(LineWrite(layout)), "late": Out(1),
            "memory": Out(MemoryPort(address_bits)),
        })

    def elaborate(self, platform):
        m = Module()
        layout, memory, line = self.layout, self.memory, self.line
        starts, advances, again, parity = self._rows(m)

        plane = Signal(range(len(Plane) + 1), init=len(Plane))
        burst = Signal(range(layout.row_bursts(Plane.COMBINED)))
        row_start = {kind: Signal(layout.offset_bits, name=f"row_start_{kind.name.lower()}")
                     for kind in Plane if kind is not Plane.CAPTURE}
        for kind, register in row_start.items():
            with m.If(starts):
                m.d.sync += register.eq(0)
            with m.Elif(advances):
                m.d.sync += register.eq(register + layout.row_bursts(kind))

        start, buffer = Signal(layout.offset_bits), Signal(range(BUFFERS))
        last = Signal()
        with m.Switch(plane):
            for kind in Plane:
                with m.Case(kind.value):
                    rows = row_start[Plane.MARKS if kind is Plane.MARKS else Plane.COMBINED]
                    m.d.comb += [start.eq(rows), buffer.eq(self.buffers[kind.name.lower()]),
                                 last.eq(burst == layout.row_bursts(kind) - 1)]
        above = layout.burst(Plane.CAPTURE, 0, self.address_bits) >> layout.offset_bits + 4
        offset = Signal(layout.offset_bits)
        word = Signal(range(BURST_WORDS))
        m.d.comb += [
            offset.eq(start + burst),
            memory.address.eq(Cat(offset, buffer, plane[:2], C(above, self.address_bits))),
            line.valid.eq(memory.moved), line.plane.eq(plane), line.word.eq(memory.word_out),
            line.place.eq(Cat(word, burst)),
        ]
        with m.If(memory.moved):
            m.d.sync += word.eq(word + 1)
        with m.FSM():
            with m.State("rest"):
                with m.If(plane != len(Plane)):
                    m.next = "ask"
            with m.State("ask"):
                m.d.comb += memory.request.eq(1)
                with m.If(memory.taken):
                    m.next = "move"
            with m.State("move"):
                with m.If(memory.done):
                    m.d.sync += burst.eq(Mux(last, 0, burst + 1))
                    with m.If(last):
                        m.d.sync += plane.eq(plane + 1)
                    m.next = "rest"
        with m.If(starts | advances | again):
            m.d.comb += self.late.eq(plane != len(Plane))
            with m.If(plane == len(Plane)):
                m.d.sync += [plane.eq(0), line.parity.eq(parity)]
        return m

    def _rows(self, m: Module) -> tuple[Value, ...]:
        """Which row of the frame a line shows: strobes for the first one, a further one, and the
        same again; and the line's parity."""
        layout = self.layout
        before = Signal(range(layout.timing.total_rows))
        number = Mux(self.first, 0, before + 1)
        top = Mux(self.full, layout.top(full=True), layout.top(full=False))
        repeats = Mux(self.full, 2 * layout.scale - 1, layout.scale - 1)
        repeat = Signal(range(2 * layout.scale))
        left = Signal(range(layout.array.rows))
        inside = Signal()
        starts, advances, again = Signal(), Signal(), Signal()
        with m.If(self.start):
            m.d.sync += before.eq(number)
            with m.If(number == top):
                m.d.comb += starts.eq(1)
                m.d.sync += [inside.eq(1), repeat.eq(0), left.eq(layout.array.rows - 1)]
            with m.Elif(self.first):
                m.d.sync += inside.eq(0)
            with m.Elif(inside & (repeat != repeats)):
                m.d.comb += again.eq(1)
                m.d.sync += repeat.eq(repeat + 1)
            with m.Elif(inside & (left != 0)):
                m.d.comb += advances.eq(1)
                m.d.sync += [repeat.eq(0), left.eq(left - 1)]
            with m.Else():
                m.d.sync += inside.eq(0)
        return starts, advances, again, number[0]
