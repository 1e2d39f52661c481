# SPDX-License-Identifier: Apache-2.0
"""A memory between two clocks whose words carry a check bit."""

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import memory, wiring
from amaranth.lib.cdc import FFSynchronizer, PulseSynchronizer
from amaranth.lib.wiring import In, Out

from .code import Parity
from .health import MemoryHealth
from .word_check import WordCheck

__all__ = ["CrossingMemory"]


class CrossingMemory(wiring.Component):
    """Written in ``i_domain``, read in ``o_domain``; what may be read when is the user's business.

    Parameters
    ----------
    shape : ShapeLike
    depth : int
    i_domain, o_domain : str

    Members
    -------
    write_address : In(range(depth)), write_word : In(shape), write_enable : In(1)
        In ``i_domain``.
    address : In(range(depth)), enable : In(1), word : Out(shape)
        In ``o_domain``; latency 1 clock, and the word stays until the next ``enable``.
    memory : Out(MemoryHealth)
        In ``i_domain``, about 5 clocks of both behind the word. Of errors that follow each other
        within that time only one may be told.
    """

    def __init__(self, shape: ShapeLike, *, depth: int, i_domain: str, o_domain: str):
        self.code, self.depth = Parity(Shape.cast(shape).width), depth
        self.i_domain, self.o_domain = i_domain, o_domain
        super().__init__({
            "write_address": In(range(depth)), "write_word": In(shape), "write_enable": In(1),
            "address": In(range(depth)), "enable": In(1), "word": Out(shape),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        code, written = self.code, Value.cast(self.write_word)
        m.submodules.words = words = memory.Memory(
            shape=code.word_bits, depth=self.depth, init=[], attrs={"ram_style": "block"})
        write = words.write_port(domain=self.i_domain)
        read = words.read_port(domain=self.o_domain)
        check = WordCheck(code)
        m.submodules.check = DomainRenamer(self.o_domain)(check)
        m.submodules.found = found = PulseSynchronizer(self.o_domain, self.i_domain)
        m.submodules.inject = FFSynchronizer(self.memory.inject, check.health.inject,
                                             o_domain=self.o_domain)
        arrives = Signal()
        m.d.comb += [
            write.addr.eq(self.write_address), write.en.eq(self.write_enable),
            write.data.eq(Cat(written, code.encode(written))),
            read.addr.eq(self.address), read.en.eq(self.enable),
            Value.cast(self.word).eq(read.data[:code.data_bits]),
            found.i.eq(check.health.uncorrectable), self.memory.uncorrectable.eq(found.o),
        ]
        # A register: memories are slow to answer, and the sum of a long word is deep.
        m.d[self.o_domain] += [arrives.eq(self.enable), check.word.eq(read.data),
                               check.read.eq(arrives)]
        return m
