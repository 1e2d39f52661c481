# SPDX-License-Identifier: Apache-2.0
"""The frame on the link, in the memory's clock: pixels to levels, marks, verdict."""

import numpy as np
from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from tapetum.csi2.packets import PacketBytes
from tapetum.stream.queue import AsyncQueue

from .packet_viewer import PacketViewer, SeenVerdict, SeenWord
from .plane_words import PlaneStep, PlaneWord
from .tone_table import COMBINED_INDEX_BITS, ToneTable

__all__ = ["CombinedViewer"]

_CROSSING_WORDS = 16


class CombinedViewer(wiring.Component):
    """::

        byte domain │ sync
        packets ─► PacketViewer ─► queue ─┬─► table ─► pixels
                        │                 └──────────► marks
                        └─► verdict

    A word of pixels takes two clocks of ``sync``, which must be faster than ``byte_domain`` by more
    than that.

    Parameters
    ----------
    curve : array of uint8
    byte_domain : str

    Members
    -------
    packets : In(PacketBytes(2)), strobe : In(1)
        In ``byte_domain``.
    pixels, marks : Out(streams of PlaneWord), always ready
    verdict : Out(SeenVerdict)
    marked : Out(1)
        Whether the last whole frame came with a map.
    table_write, table_address, table_data
        New entries of the curve.
    """

    def __init__(self, curve: np.ndarray, byte_domain: str = "byte"):
        self.curve, self.byte_domain = curve, byte_domain
        words = Out(stream.Signature(PlaneWord, always_ready=True))
        super().__init__({
            "packets": In(PacketBytes(2)), "strobe": In(1), "pixels": words, "marks": words,
            "verdict": Out(SeenVerdict), "marked": Out(1),
            "table_write": In(1), "table_address": In(COMBINED_INDEX_BITS), "table_data": In(8),
        })

    def elaborate(self, platform):
        m = Module()
        viewer = PacketViewer()
        m.submodules.viewer = DomainRenamer(self.byte_domain)(viewer)
        m.submodules.crossing = crossing = AsyncQueue(
            SeenWord, _CROSSING_WORDS, i_domain=self.byte_domain, o_domain="sync")
        m.submodules.table = table = ToneTable(self.curve)
        m.d.comb += [
            viewer.packets.eq(self.packets), viewer.strobe.eq(self.strobe),
            crossing.i.valid.eq(viewer.words.valid), crossing.i.payload.eq(viewer.words.payload),
            table.write.eq(self.table_write), table.write_address.eq(self.table_address),
            table.write_data.eq(self.table_data),
        ]

        word = crossing.o.payload
        is_pair = (word.content.step == PlaneStep.WORD) & ~word.of_marks
        second = Signal()
        upper = Signal(8, reset_less=True)
        moving = Signal()
        m.d.comb += [
            table.index.eq(Mux(second, Cat(word.low[4:], word.content.word[:8]),
                               Cat(word.low[:4], word.content.word[8:]))),
            crossing.o.ready.eq(~is_pair | second), moving.eq(crossing.o.valid & crossing.o.ready),
        ]
        step, pair = Signal(PlaneStep), Signal()
        m.d.sync += [
            second.eq(crossing.o.valid & is_pair & ~second), upper.eq(table.level),
            step.eq(word.content.step), pair.eq(moving & ~word.of_marks),
            self.marks.valid.eq(moving & word.of_marks),
            self.marks.payload.eq(word.content),
        ]
        m.d.comb += [
            self.pixels.valid.eq(pair), self.pixels.payload.step.eq(step),
            self.pixels.payload.word.eq(Cat(table.level, upper)),
        ]
        has_marks = Signal()
        with m.If(moving & word.of_marks & (word.content.step == PlaneStep.ROW_END)):
            m.d.sync += has_marks.eq(1)
        with m.If(moving & ~word.of_marks & (word.content.step == PlaneStep.FRAME_END)):
            m.d.sync += [self.marked.eq(has_marks), has_marks.eq(0)]

        # The rest of a verdict stands still long before its toggle has come across.
        toggle, before = Signal(), Signal()
        m.submodules.toggle = FFSynchronizer(viewer.verdict.toggle, toggle)
        m.d.sync += before.eq(toggle)
        with m.If(toggle != before):
            m.d.sync += self.verdict.eq(viewer.verdict)
        return m
