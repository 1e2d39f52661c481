# SPDX-License-Identifier: Apache-2.0
"""A queue whose entries carry a check bit."""

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer, PulseSynchronizer
from amaranth.lib.wiring import In, Out

from ..stream.queue import AsyncQueue, Queue
from .code import Parity
from .health import MemoryHealth
from .word_check import WordCheck

__all__ = ["CheckedQueue"]


class CheckedQueue(wiring.Component):
    """`Queue`, or `AsyncQueue` between two domains, under parity.

    Parameters
    ----------
    shape : ShapeLike
    depth : int
    i_domain, o_domain : str

    Members
    -------
    i : In(stream) in ``i_domain``, o : Out(stream) in ``o_domain``
        As those of the queue.
    memory : Out(MemoryHealth)
        In ``i_domain``: 2 clocks behind the entry's leaving, or about 6 clocks of both domains. Of
        errors that follow each other within that time only one may be told.
    """

    def __init__(self, shape: ShapeLike, depth: int, *, i_domain: str = "sync",
                 o_domain: str = "sync"):
        self.code, self.depth = Parity(Shape.cast(shape).width), depth
        self.i_domain, self.o_domain = i_domain, o_domain
        super().__init__({
            "i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape)),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        code, crosses = self.code, self.i_domain != self.o_domain
        queue = (AsyncQueue(code.word_bits, self.depth, i_domain=self.i_domain,
                            o_domain=self.o_domain) if crosses
                 else DomainRenamer(self.i_domain)(Queue(code.word_bits, self.depth)))
        m.submodules.queue = queue
        check = WordCheck(code)
        m.submodules.check = DomainRenamer(self.o_domain)(check)
        entry, health = Value.cast(self.i.payload), self.memory
        m.d.comb += [
            queue.i.valid.eq(self.i.valid), self.i.ready.eq(queue.i.ready),
            queue.i.payload.eq(Cat(entry, code.encode(entry))),
            self.o.valid.eq(queue.o.valid), queue.o.ready.eq(self.o.ready),
            Value.cast(self.o.payload).eq(queue.o.payload[:code.data_bits]),
        ]
        # What comes out of a block RAM is late: an entry is kept for a clock before it is checked.
        left = Signal(code.word_bits, reset_less=True)
        m.d[self.o_domain] += [left.eq(queue.o.payload),
                               check.read.eq(queue.o.valid & queue.o.ready)]
        m.d.comb += check.word.eq(left)
        if crosses:
            m.submodules.found = found = PulseSynchronizer(self.o_domain, self.i_domain)
            m.submodules.inject = FFSynchronizer(health.inject, check.health.inject,
                                                 o_domain=self.o_domain)
            m.d.comb += [found.i.eq(check.health.uncorrectable),
                         health.uncorrectable.eq(found.o)]
        else:
            m.d.comb += [check.health.inject.eq(health.inject),
                         health.uncorrectable.eq(check.health.uncorrectable)]
        return m
