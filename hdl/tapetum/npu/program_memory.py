# SPDX-License-Identifier: Apache-2.0
"""Where programs lie that a host has sent."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..memory.block_memory import BlockMemory
from .npu_config import NpuConfig
from .program_image import IMAGE_WORD_BITS, IMAGE_WORD_BYTES

__all__ = ["ProgramMemory"]


class ProgramMemory(wiring.Component):
    """Bytes are appended one by one, whole words of nine are read.

    Bytes beyond the bank's end are counted and dropped.

    Members
    -------
    bank : In
        To which bytes go, and from which words come.
    restart : In(1)
        The next byte is the bank's first one.
    append : In(1), byte : In(8)
    received : Out(24)
        Bytes since the restart.
    address : In, word : Out(72)
        Latency 2 clocks.
    """

    latency_cycles = BlockMemory.latency_cycles

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "bank": In(range(config.program_banks)),
            "restart": In(1), "append": In(1), "byte": In(8), "received": Out(24),
            "address": In(range(config.program_words)), "word": Out(IMAGE_WORD_BITS),
        })

    def elaborate(self, platform):
        m = Module()
        words = self.config.program_words
        m.submodules.words = memory = BlockMemory(
            IMAGE_WORD_BITS, depth=words * self.config.program_banks)
        byte_place, place = Signal(range(IMAGE_WORD_BYTES)), Signal(range(words + 1))
        collected = Signal(IMAGE_WORD_BITS - 8, reset_less=True)
        whole = self.append & (byte_place == IMAGE_WORD_BYTES - 1)
        m.d.comb += [
            # words is a power of two where there are two banks
            memory.address.eq(Cat(self.address, self.bank)),
            memory.write_address.eq(Cat(place[:len(self.address)], self.bank)),
            memory.write_word.eq(Cat(collected, self.byte)),
            memory.write_enable.eq(whole & (place != words)),
            self.word.eq(memory.word),
        ]
        with m.If(self.restart):
            m.d.sync += [byte_place.eq(0), place.eq(0), self.received.eq(0)]
        with m.Elif(self.append):
            m.d.sync += [
                collected.eq(Cat(collected, self.byte)[8:]),
                byte_place.eq(Mux(whole, 0, byte_place + 1)),
                self.received.eq(Mux(self.received == (1 << 24) - 1, self.received,
                                     self.received + 1)),
            ]
            with m.If(whole & (place != words)):
                m.d.sync += place.eq(place + 1)
        return m
