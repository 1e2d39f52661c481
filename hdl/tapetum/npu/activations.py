# SPDX-License-Identifier: Apache-2.0
"""The memory that holds the rings of rows."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..memory.block_memory import BlockMemory
from .npu_config import NpuConfig

__all__ = ["BANKS", "Activations"]

BANKS = 4


class Activations(wiring.Component):
    """Four banks of 64-bit words; each reads and writes one word a clock.

    What the cells write at once is a part of a word, a word, or with 16 cells a pair of words that
    begins with an even one. Pairs are read as a whole.

    Members
    -------
    addresses : In(4 addresses)
    words : Out(4 of 64 * group_words)
        Two clocks after the address.
    write_bank : In(4)
        One bit per bank.
    write_parts : In
        One bit per part of a word, or word of a pair.
    write_address, write_word : In
    """

    latency_cycles = BlockMemory.latency_cycles

    def __init__(self, config: NpuConfig):
        self.config = config
        bits = range(config.activation_words)
        self.parts, self.word_bits = config.parts * config.group_words, 64 * config.group_words
        super().__init__({
            "addresses": In(data.ArrayLayout(bits, BANKS)),
            "words": Out(data.ArrayLayout(self.word_bits, BANKS)),
            "write_bank": In(BANKS),
            "write_parts": In(self.parts),
            "write_address": In(bits),
            "write_word": In(self.word_bits),
        })

    def elaborate(self, platform):
        m = Module()
        bits = self.word_bits // self.parts
        depth, low = self.config.activation_words, 0
        if self.config.group_words > 1:
            depth, low = -(-depth // 2), 1
        for number in range(BANKS):
            for part in range(self.parts):
                m.submodules[f"bank_{number}_{part}"] = bank = BlockMemory(bits, depth=depth)
                m.d.comb += [
                    bank.write_address.eq(self.write_address[low:]),
                    bank.write_word.eq(self.write_word.word_select(part, bits)),
                    bank.write_enable.eq(self.write_bank[number] & self.write_parts[part]),
                    bank.address.eq(self.addresses[number][low:]),
                    self.words[number].word_select(part, bits).eq(bank.word),
                ]
        return m
