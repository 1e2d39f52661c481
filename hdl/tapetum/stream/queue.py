# SPDX-License-Identifier: Apache-2.0
"""First-in first-out queues whose streams carry a typed payload."""

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["AsyncQueue", "Queue"]


class Queue(wiring.Component):
    """A buffered queue in one clock domain.

    Parameters
    ----------
    shape : ShapeLike
        Payload.
    depth : int
        Entries, at least 1.

    Members
    -------
    i, o : streams of ``shape``
        One payload per clock; latency 1 to 2 clocks.
    level : Out(range(depth + 1))
    """

    def __init__(self, shape: ShapeLike, depth: int):
        if depth < 1:
            raise ValueError(f"a queue needs at least one entry, not {depth}.")
        self.shape, self.depth = shape, depth
        super().__init__({
            "i": In(stream.Signature(shape)),
            "o": Out(stream.Signature(shape)),
            "level": Out(range(depth + 1)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.fifo = queue = fifo.SyncFIFOBuffered(
            width=Shape.cast(self.shape).width, depth=self.depth)
        m.d.comb += [
            queue.w_data.eq(self.i.payload),
            queue.w_en.eq(self.i.valid),
            self.i.ready.eq(queue.w_rdy),
            Value.cast(self.o.payload).eq(queue.r_data),
            self.o.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.o.ready),
            self.level.eq(queue.level),
        ]
        return m


class AsyncQueue(wiring.Component):
    """A queue from one clock domain to another: the die's one way to move streams across.

    Parameters
    ----------
    shape : ShapeLike
    depth : int
        Rounded up to a power of two.
    i_domain, o_domain : str

    Members
    -------
    i : In(stream) in ``i_domain``, o : Out(stream) in ``o_domain``
        One payload per clock of the slower domain; latency 3 clocks of ``o_domain`` or more.
    """

    def __init__(self, shape: ShapeLike, depth: int, *, i_domain: str, o_domain: str):
        if depth < 2:
            raise ValueError(f"an asynchronous queue needs at least two entries, not {depth}.")
        self.shape, self.depth = shape, depth
        self.i_domain, self.o_domain = i_domain, o_domain
        super().__init__({
            "i": In(stream.Signature(shape)),
            "o": Out(stream.Signature(shape)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.fifo = queue = fifo.AsyncFIFOBuffered(
            width=Shape.cast(self.shape).width, depth=self.depth,
            w_domain=self.i_domain, r_domain=self.o_domain)
        m.d.comb += [
            queue.w_data.eq(self.i.payload),
            queue.w_en.eq(self.i.valid),
            self.i.ready.eq(queue.w_rdy),
            Value.cast(self.o.payload).eq(queue.r_data),
            self.o.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.o.ready),
        ]
        return m
