# SPDX-License-Identifier: Apache-2.0
"""A block memory whose words carry check bits."""

from collections.abc import Sequence

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..stream.delay import delayed
from .block_memory import BlockMemory
from .code import Code, Parity, Secded
from .health import MemoryHealth
from .word_check import WordCheck

__all__ = ["ProtectedMemory"]


class ProtectedMemory(wiring.Component):
    """`BlockMemory` under a code: one read port, one write port.

    ::

        write_word ─► encode ─► BlockMemory ─┬──────────────► word   of Parity, 2 clocks
                                             └─► WordCheck ─► word   of Secded, 3 clocks
                                                     └─► health

    Check bits are worked out in the clock of the write and lie beside the data, where most block
    memories have bits to spare. As in `BlockMemory`, a word read in the clock of its write reads as
    anything: it must not count.

    Parameters
    ----------
    shape : ShapeLike
    depth : int
    code : class of Code
        `Parity` tells of a wrong bit one clock behind the word, which leaves as it is; `Secded`
        corrects it.
    init : sequence
        Initial content; missing words are zero.

    Members
    -------
    address : In(range(depth)), word : Out(shape)
        Latency `latency_cycles`.
    read : In(1)
        With ``address``: the word counts. Where memories do not wake with words that are right, it
        must be low until they have been written.
    write_address : In(range(depth)), write_word : In(shape), write_enable : In(1)
    health : Out(MemoryHealth)
        3 clocks behind the address.
    """

    def __init__(self, shape: ShapeLike, *, depth: int, code: type[Code] = Secded,
                 init: Sequence[int] = ()):
        self.code, self.depth = code(Shape.cast(shape).width), depth
        self.init = [self.code.encoded(word) for word in init]
        super().__init__({
            "address": In(range(depth)), "read": In(1, init=1), "word": Out(shape),
            "write_address": In(range(depth)), "write_word": In(shape), "write_enable": In(1),
            "health": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """From ``address`` to ``word``."""
        return BlockMemory.latency_cycles + (not isinstance(self.code, Parity))

    def elaborate(self, platform):
        m = Module()
        code = self.code
        m.submodules.words = words = BlockMemory(code.word_bits, depth=self.depth, init=self.init)
        m.submodules.check = check = WordCheck(code)
        connect(m, check.health, flipped(self.health))
        written = Value.cast(self.write_word)
        m.d.comb += [
            words.address.eq(self.address), words.write_address.eq(self.write_address),
            words.write_word.eq(Cat(written, code.encode(written))),
            words.write_enable.eq(self.write_enable),
            check.word.eq(words.word),
            check.read.eq(delayed(m, self.read, words.latency_cycles, name="read",
                                  reset_less=False)),
            Value.cast(self.word).eq(
                words.word[:code.data_bits] if isinstance(code, Parity) else check.data),
        ]
        return m
