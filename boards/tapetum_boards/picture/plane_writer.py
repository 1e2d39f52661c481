# SPDX-License-Identifier: Apache-2.0
"""One plane of the picture on its way into memory."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from tapetum.stream.queue import Queue

from ..memory.memory_port import BURST_WORDS, MemoryPort
from .layout import BUFFERS, PictureLayout, Plane
from .plane_words import PlaneStep, PlaneWord

__all__ = ["PlaneWriter"]


class PlaneWriter(wiring.Component):
    """Rows to bursts, frames to one buffer after another.

    A row that is too long loses its end, a frame its last rows; a short row leaves what was there.

    Parameters
    ----------
    layout : PictureLayout
    plane : Plane
    address_bits : int
        Of the memory.
    depth : int
        Words that may wait for it.

    Members
    -------
    i : In(stream of PlaneWord), always ready
    whole : Out(range(BUFFERS)), any : Out(1)
        The last buffer that holds a whole frame, and whether there is one.
    lost : Out(1)
        Strobe: a word found no place.
    memory : Out(MemoryPort)
    """

    def __init__(self, layout: PictureLayout, plane: Plane, address_bits: int, depth: int):
        self.layout, self.plane, self.depth = layout, plane, depth
        self.address_bits = address_bits
        super().__init__({
            "i": In(stream.Signature(PlaneWord, always_ready=True)),
            "whole": Out(range(BUFFERS)), "any": Out(1), "lost": Out(1),
            "memory": Out(MemoryPort(address_bits)),
        })

    def elaborate(self, platform):
        m = Module()
        layout, memory = self.layout, self.memory
        row_bursts = layout.row_bursts(self.plane)
        m.submodules.waiting = waiting = Queue(PlaneWord, self.depth)
        head = waiting.o
        m.d.comb += [
            waiting.i.valid.eq(self.i.valid), waiting.i.payload.eq(self.i.payload),
            self.lost.eq(self.i.valid & ~waiting.i.ready),
        ]
        is_word = head.payload.step == PlaneStep.WORD
        # Ends that wait: a burst in front of one is filled up with anything.
        ends = Signal(range(self.depth + 2))
        m.d.sync += ends.eq(
            ends + (waiting.i.valid & waiting.i.ready & (self.i.payload.step != PlaneStep.WORD))
            - (head.valid & head.ready & ~is_word))

        row_start = Signal(layout.offset_bits)
        row = Signal(range(layout.array.rows + 1))
        burst = Signal(range(row_bursts + 1))
        buffer = Signal(range(BUFFERS))
        fits = (row != layout.array.rows) & (burst != row_bursts)
        above = layout.burst(self.plane, 0, self.address_bits) >> layout.offset_bits + 2
        offset = Signal(layout.offset_bits)
        m.d.comb += [
            offset.eq(row_start + burst),
            memory.write.eq(1), memory.word_in.eq(head.payload.word),
            memory.address.eq(Cat(offset, buffer, C(above, self.address_bits))),
        ]
        with m.FSM():
            with m.State("look"):
                with m.If(head.valid & ~is_word):
                    m.d.comb += head.ready.eq(1)
                    m.d.sync += burst.eq(0)
                    with m.If(head.payload.step == PlaneStep.FRAME_END):
                        m.d.sync += [row.eq(0), row_start.eq(0), buffer.eq(buffer + 1),
                                     self.whole.eq(buffer), self.any.eq(1)]
                    with m.Elif(row != layout.array.rows):
                        m.d.sync += [row.eq(row + 1), row_start.eq(row_start + row_bursts)]
                with m.Elif(head.valid & ~fits):
                    m.d.comb += head.ready.eq(1)
                with m.Elif(head.valid & ((waiting.level >= BURST_WORDS) | (ends != 0))):
                    m.next = "ask"
            with m.State("ask"):
                m.d.comb += memory.request.eq(1)
                with m.If(memory.taken):
                    m.next = "move"
            with m.State("move"):
                m.d.comb += head.ready.eq(memory.moved & is_word)
                with m.If(memory.done):
                    m.d.sync += burst.eq(burst + 1)
                    m.next = "look"
        return m
