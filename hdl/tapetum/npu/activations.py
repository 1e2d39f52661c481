# SPDX-License-Identifier: Apache-2.0
"""The memory that holds the rings of rows."""

from itertools import product

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..memory.block_memory import BlockMemory
from ..memory.code import Parity
from ..memory.health import MemoryHealth, gather
from ..memory.word_check import WordCheck
from ..stream.delay import delayed
from .npu_config import NpuConfig

__all__ = ["BANKS", "Activations"]

BANKS = 4


class Activations(wiring.Component):
    """Four banks of 64-bit words; each reads and writes one word a clock.

    What the cells write at once is a part of a word, or a word; each has a check bit. With two
    pixels a bank is four memories: in each lie the columns of a map with the same number modulo 4,
    and each reads a word a clock. Two words are written at once, of neighbours as a rule.

    Members
    -------
    addresses : In(4 banks of ``bank_columns`` addresses)
    words : Out(4 banks of ``bank_columns`` words)
        Two clocks after the address.
    reads : In(4 banks of ``bank_columns`` bits)
        Which of ``words`` count.
    write_columns : In(4 banks of ``bank_columns`` bits)
        Which memories.
    write_turned : In(4)
        By bank: the words change places.
    write_parts : In
        One bit per part of a word.
    write_address : In, write_words : In(a word per pixel)
        For even and for odd columns, unless they change places.
    memory : Out(MemoryHealth)
    """

    latency_cycles = BlockMemory.latency_cycles

    def __init__(self, config: NpuConfig):
        self.config = config
        address = range(config.activation_words // config.bank_columns)
        columns = config.bank_columns
        super().__init__({
            "addresses": In(data.ArrayLayout(data.ArrayLayout(address, columns), BANKS)),
            "words": Out(data.ArrayLayout(data.ArrayLayout(64, columns), BANKS)),
            "reads": In(data.ArrayLayout(columns, BANKS)),
            "write_columns": In(data.ArrayLayout(columns, BANKS)),
            "write_turned": In(BANKS),
            "write_parts": In(config.parts),
            "write_address": In(address),
            "write_words": In(data.ArrayLayout(64, config.pixels)),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        config = self.config
        code = Parity(64 // config.parts)
        depth = config.activation_words // config.bank_columns
        written = [[Cat(part, code.encode(part)) for part in (
            word.word_select(number, code.data_bits) for number in range(config.parts))]
            for word in self.write_words]
        checks = []
        for number, column, part in product(range(BANKS), range(config.bank_columns),
                                            range(config.parts)):
            bank, check = BlockMemory(code.word_bits, depth=depth), WordCheck(code)
            name = f"bank_{number}_{part}" if config.pixels == 1 else f"bank_{number}_{column}"
            m.submodules[name], m.submodules[f"check_{name}"] = bank, check
            checks.append(check.health)
            pixel = column % config.pixels
            word, other = (written[each][part] for each in (pixel, config.pixels - 1 - pixel))
            m.d.comb += [
                bank.write_address.eq(self.write_address),
                bank.write_word.eq(Mux(self.write_turned[number], other, word)),
                bank.write_enable.eq(self.write_columns[number][column] & self.write_parts[part]),
                bank.address.eq(self.addresses[number][column]),
                self.words[number][column].word_select(part, code.data_bits).eq(bank.word),
                # A clock for the way from the memory to its check.
                check.word.eq(delayed(m, bank.word, 1, name=f"read_{name}")),
                check.read.eq(delayed(m, self.reads[number][column], 1, name=f"counts_{name}",
                                      reset_less=False)),
            ]
        gather(m, self.memory, *checks)
        return m
