# SPDX-License-Identifier: Apache-2.0
"""The memory that holds the rings of rows."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

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
    write_address, write_word : In
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        bits = range(config.activation_words)
        super().__init__({
            "addresses": In(data.ArrayLayout(bits, BANKS)),
            "words": Out(data.ArrayLayout(64, BANKS)),
            "write_bank": In(BANKS),
            "write_address": In(bits),
            "write_word": In(64),
        })

    def elaborate(self, platform):
        m = Module()
        for number in range(BANKS):
            m.submodules[f"bank_{number}"] = words = memory.Memory(
                shape=64, depth=self.config.activation_words, init=[])
            write, read = words.write_port(), words.read_port()
            output = Signal(64, name=f"output_{number}", reset_less=True)
            m.d.sync += output.eq(read.data)
            m.d.comb += [
                write.addr.eq(self.write_address), write.data.eq(self.write_word),
                write.en.eq(self.write_bank[number]),
                read.addr.eq(self.addresses[number]), read.en.eq(1),
                self.words[number].eq(output),
            ]
        return m
