# SPDX-License-Identifier: Apache-2.0
"""Packs codes into the array's words, and sees to it that every frame that begins is whole."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..memory.checked_queue import CheckedQueue
from ..memory.health import MemoryHealth
from ..npu.step import InputWord
from .settings import VisionConfig, VisionSettings

__all__ = ["InputCode", "OutputRows"]

_CHANNELS = 3


class InputCode(data.Struct):
    """A channel of a pixel of the network's input; ``row_last`` with the last one of a row."""

    code: 8
    row_last: 1


class OutputRows(wiring.Component):
    """One word for each pixel: its one or three codes in the lowest bytes, zero above them.

    The queue holds the longest row and a quarter more. A lost frame is made up with words of zero,
    as fast as they are taken: the array always gets all rows and always comes to an end.

    Parameters
    ----------
    vision : VisionConfig
    drain_cycles : int
        Until what was under way when a frame was lost has arrived.

    Members
    -------
    begins : In(1), settings : In(VisionSettings)
        A frame begins; the size of its rows is kept.
    lost : In(1)
        Nothing more will come of this frame.
    valid : In(1), code : In(signed(8)), pixel_last : In(1), row_last : In(1)
        A channel of a pixel.
    o : Out(stream of InputWord)
    delivered : Out(1)
        Strobe: the last word of the frame is in the queue, none of them made up.
    busy : Out(1)
        A lost frame is being made up for.
    overflow : Out(1)
        Strobe: a word found the queue full.
    memory : Out(MemoryHealth)
    """

    latency_cycles = 3

    def __init__(self, vision: VisionConfig, *, drain_cycles: int):
        self.vision, self.drain_cycles = vision, drain_cycles
        super().__init__({
            "begins": In(1), "settings": In(VisionSettings), "lost": In(1),
            "valid": In(1), "code": In(signed(8)), "pixel_last": In(1), "row_last": In(1),
            "o": Out(stream.Signature(InputWord)),
            "delivered": Out(1), "busy": Out(1), "overflow": Out(1),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        vision = self.vision
        # Only the bytes that channels can fill are kept.
        kept = 8 * _CHANNELS
        m.submodules.queue = queue = CheckedQueue(kept + 1, vision.largest_columns * 5 // 4)
        connect(m, queue.memory, flipped(self.memory))
        m.d.comb += [
            self.o.valid.eq(queue.o.valid), queue.o.ready.eq(self.o.ready),
            self.o.payload.word.eq(queue.o.payload[:kept]),
            self.o.payload.row_last.eq(queue.o.payload[kept]),
        ]

        in_frame, drain = Signal(), Signal(range(self.drain_cycles + 1))
        columns, rows_left = (Signal(8, name=name, reset_less=True)
                              for name in ("columns", "rows_left"))
        columns_left = Signal(8, reset_less=True)
        with m.If(self.begins):
            m.d.sync += [in_frame.eq(1), columns.eq(self.settings.columns),
                         columns_left.eq(self.settings.columns),
                         rows_left.eq(self.settings.rows)]

        # A pixel's channels, the first one lowest.
        channel = Signal(range(_CHANNELS))
        word, offered, made_up = Signal(kept, reset_less=True), Signal(), Signal()
        with m.If(self.valid):
            m.d.sync += [channel.eq(Mux(self.pixel_last, 0, channel + 1))]
            with m.Switch(channel):
                for number in range(_CHANNELS):
                    with m.Case(number):
                        if number == 0:
                            m.d.sync += word.eq(self.code[:8])
                        else:
                            m.d.sync += word[8 * number:8 * number + 8].eq(self.code)
        m.d.sync += offered.eq(self.valid & self.pixel_last & in_frame & ~made_up)

        column_last, row_last = columns_left == 1, rows_left == 1
        takes = Signal()
        m.d.comb += [
            queue.i.payload.eq(Cat(Mux(made_up, 0, word), column_last)),
            queue.i.valid.eq((offered | made_up) & in_frame),
            takes.eq(queue.i.valid & queue.i.ready),
            self.overflow.eq(offered & in_frame & ~queue.i.ready),
            self.busy.eq(drain.any() | made_up | (self.lost & in_frame)),
            self.delivered.eq(takes & column_last & row_last & ~self.busy),
        ]
        with m.If(takes):
            m.d.sync += columns_left.eq(columns_left - 1)
            with m.If(column_last):
                m.d.sync += [columns_left.eq(columns), rows_left.eq(rows_left - 1)]
                with m.If(row_last):
                    m.d.sync += [in_frame.eq(0), made_up.eq(0), channel.eq(0)]
        with m.If(self.lost & in_frame & ~made_up & ~drain.any()):
            m.d.sync += drain.eq(self.drain_cycles)
        with m.Elif(drain.any()):
            m.d.sync += drain.eq(drain - 1)
            with m.If((drain == 1) & in_frame & ~(takes & column_last & row_last)):
                m.d.sync += [made_up.eq(1), channel.eq(0)]
        return m
