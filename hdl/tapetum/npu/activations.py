# SPDX-License-Identifier: Apache-2.0
"""The memory that holds the rings of rows."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..correct.defects.block_memory import BlockMemory
from .npu_config import NpuConfig

__all__ = ["BANKS", "Activations"]

BANKS = 4


class Activations(wiring.Component):
    """Four banks of 64-bit words; each reads and writes one word a clock.

    Members
    -------
    addresses : In(4 addresses)
    words : Out(4 of 64)
        Two clocks after the address.
    write_bank : In(4)
        One bit per bank.
    write_parts : In(parts)
        One bit per part of a word, as wide as the cells write at once.
    write_address, write_word : In
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        bits = range(config.activation_words)
        super().__init__({
            "addresses": In(data.ArrayLayout(bits, BANKS)),
            "words": Out(data.ArrayLayout(64, BANKS)),
            "write_bank": In(BANKS),
            "write_parts": In(config.parts),
            "write_address": In(bits),
            "write_word": In(64),
        })

    def elaborate(self, platform):
        m = Module()
        bits = 8 * self.config.cells
        for number in range(BANKS):
            for part in range(self.config.parts):
                m.submodules[f"bank_{number}_{part}"] = bank = BlockMemory(
                    bits, depth=self.config.activation_words)
                m.d.comb += [
                    bank.write_address.eq(self.write_address),
                    bank.write_word.eq(self.write_word.word_select(part, bits)),
                    bank.write_enable.eq(self.write_bank[number] & self.write_parts[part]),
                    bank.address.eq(self.addresses[number]),
                    self.words[number].word_select(part, bits).eq(bank.word),
                ]
        return m
