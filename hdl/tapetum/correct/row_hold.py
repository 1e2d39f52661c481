# SPDX-License-Identifier: Apache-2.0
"""Rows wait until what was measured on their beginning is known."""

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..memory.code import Parity
from ..memory.health import MemoryHealth
from ..memory.word_check import WordCheck

__all__ = ["RowHold"]


class RowHold(wiring.Component):
    """A circular memory whose rows leave from ``release`` on, each beat as soon as it can.

    At full rate every beat waits equally long: rows leave contiguous and as far apart as they came.
    The first beat leaves 3 clocks after ``release``; then one beat per clock.

    Parameters
    ----------
    shape : ShapeLike
        Payload.
    depth : int
        Beats that may come before a row's ``release`` has taken effect; rounded up to a power of
        two.

    Members
    -------
    i, o : streams of ``shape``, always ready
    line_last : In(1)
        With the last beat of a row at ``i``.
    release : In(1)
        Strobe, once per row: later than the last beat of the row before, earlier than the last
        beat of the row after.
    memory : Out(MemoryHealth)
    """

    def __init__(self, shape: ShapeLike, depth: int):
        self.shape, self.depth = shape, 1 << (depth - 1).bit_length()
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "line_last": In(1),
            "release": In(1),
            "o": Out(stream.Signature(shape, always_ready=True)),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        code, payload = Parity(Shape.cast(self.shape).width), Value.cast(self.i.payload)
        m.submodules.check = check = WordCheck(code)
        connect(m, check.health, flipped(self.memory))
        # Wide and shallow: by itself it would become several hundred look-up tables.
        m.submodules.entries = entries = memory.Memory(
            shape=code.word_bits, depth=self.depth, init=[], attrs={"ram_style": "block"})
        write, read = entries.write_port(), entries.read_port()
        written, taken, limit, row_end = (Signal(range(self.depth), name=name) for name in
                                          ("written", "taken", "limit", "row_end"))
        following = Signal.like(written)
        arrives_last, leaves = Signal(), Signal()
        is_open, has_ended = Signal(), Signal()
        m.d.comb += [
            following.eq(written + self.i.valid),
            arrives_last.eq(self.i.valid & self.line_last),
            write.addr.eq(written), write.data.eq(Cat(payload, code.encode(payload))),
            write.en.eq(self.i.valid),
            leaves.eq(taken != limit),
            read.addr.eq(taken), read.en.eq(leaves),
        ]
        m.d.sync += [written.eq(following), taken.eq(taken + leaves)]

        # Beats before `limit` may leave: of an open row all that come, of a row that ended
        # before it was released those up to its end.
        with m.If(self.release & has_ended):
            m.d.sync += [limit.eq(row_end), has_ended.eq(0)]
        with m.Elif(self.release | is_open):
            m.d.sync += [limit.eq(following), is_open.eq(~arrives_last)]
        with m.Elif(arrives_last):
            m.d.sync += [row_end.eq(following), has_ended.eq(1)]

        read_valid, out_valid = Signal(), Signal()
        out = Signal(code.word_bits, reset_less=True)
        m.d.sync += [read_valid.eq(leaves), out_valid.eq(read_valid), out.eq(read.data)]
        m.d.comb += [
            self.o.valid.eq(out_valid),
            Value.cast(self.o.payload).eq(out[:code.data_bits]),
            check.word.eq(out), check.read.eq(out_valid),
        ]
        return m
