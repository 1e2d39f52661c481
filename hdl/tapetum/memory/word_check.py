# SPDX-License-Identifier: Apache-2.0
"""A word that was read, held against its check bits."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .code import Code, Secded
from .health import MemoryHealth

__all__ = ["WordCheck"]


class WordCheck(wiring.Component):
    """Takes a word a clock; data and report leave one clock later.

    With `Secded` three wrong bits may pass as one, as with every code of its distance.

    Parameters
    ----------
    code : Code

    Members
    -------
    word : In(code.word_bits), read : In(1)
        Check bits above data; ``read`` says that the word counts.
    data : Out(code.data_bits)
        Corrected, where the code can.
    health : Out(MemoryHealth)
    """

    latency_cycles = 1

    def __init__(self, code: Code):
        self.code = code
        super().__init__({
            "word": In(code.word_bits), "read": In(1),
            "data": Out(code.data_bits),
            "health": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        code, health = self.code, self.health
        syndrome = Signal(code.check_bits)
        corrected_data = Signal(code.data_bits, reset_less=True)
        m.d.comb += self.data.eq(corrected_data)
        if isinstance(code, Secded):
            odd = syndrome.xor()
            m.d.comb += syndrome.eq(code.syndrome(self.word) ^ health.inject)
            m.d.sync += [
                corrected_data.eq(code.correct(self.word, syndrome)),
                health.corrected.eq(self.read & odd),
                health.uncorrectable.eq(self.read & ~odd & syndrome.any()),
            ]
        else:
            m.d.comb += syndrome.eq(code.syndrome(self.word) ^ health.inject[1])
            m.d.sync += [
                corrected_data.eq(self.word[:code.data_bits]),
                health.uncorrectable.eq(self.read & syndrome.any()),
            ]
        return m
