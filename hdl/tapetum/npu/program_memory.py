# SPDX-License-Identifier: Apache-2.0
"""Where programs lie that a host has sent."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..memory.block_memory import BlockMemory
from ..memory.health import MemoryHealth
from ..memory.protected_memory import ProtectedMemory
from ..memory.word_check import WordCheck
from .npu_config import NpuConfig
from .program_image import IMAGE_WORD_BITS, IMAGE_WORD_BYTES

__all__ = ["SCRUB_CYCLES", "ProgramMemory"]

SCRUB_CYCLES = 8
"""More than a word takes from its address to its repair."""


class ProgramMemory(wiring.Component):
    """Bytes are appended one by one, whole words of nine are read.

    Bytes beyond the bank's end are counted and dropped. While the memory is ``idle``, what lies in
    its banks is walked through, a word every `SCRUB_CYCLES` clocks, and a word with a wrong bit is
    written back right: errors cannot gather. Words that were never written are never checked, for
    silicon wakes with anything in them.

    Members
    -------
    bank : In
        Where the next program goes; words come from where it pointed in the last ``idle`` clock.
    restart : In(1)
        The next byte is the first one of ``bank``; bytes go there until the next restart.
    append : In(1), byte : In(8)
    received : Out(24)
        Bytes since the restart.
    address : In, word : Out(72)
        Latency `latency_cycles`; a word counts while not ``idle``.
    idle : In(1)
        Nobody reads.
    memory : Out(MemoryHealth)
    """

    latency_cycles = BlockMemory.latency_cycles + WordCheck.latency_cycles

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "bank": In(range(config.program_banks)),
            "restart": In(1), "append": In(1), "byte": In(8), "received": Out(24),
            "address": In(range(config.program_words)), "word": Out(IMAGE_WORD_BITS),
            "idle": In(1), "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        words, banks = self.config.program_words, self.config.program_banks
        m.submodules.words = memory = ProtectedMemory(IMAGE_WORD_BITS, depth=words * banks)
        connect(m, memory.health, flipped(self.memory))
        chosen = self.bank if banks == 2 else Const(0)
        read_bank, write_bank = Signal(), Signal()
        with m.If(self.idle):
            m.d.sync += read_bank.eq(chosen)
        with m.If(self.restart):
            m.d.sync += write_bank.eq(chosen)
        # By bank: words that have been written since its restart.
        filled = Array(Signal(range(words + 1), name=f"filled_{bank}") for bank in range(banks))
        byte_place = Signal(range(IMAGE_WORD_BYTES))
        collected = Signal(IMAGE_WORD_BITS - 8, reset_less=True)
        place = filled[write_bank]
        writes = self.append & (byte_place == IMAGE_WORD_BYTES - 1) & (place != words)

        # The walk. A word, from its address to its repair: whatever moves takes it off the way.
        walked = Signal(len(self.address) + 1)
        step, there = Signal(SCRUB_CYCLES, init=1), Signal()
        disturbed = ~self.idle | self.append | self.restart
        read_place = Mux(self.idle, walked, Cat(self.address, read_bank))
        written = read_place[:-1] < filled[read_place[-1]]
        m.d.sync += [there.eq(written), step.eq(step.rotate_left(1))]
        with m.If(disturbed):
            m.d.sync += step.eq(1)
        with m.Elif(step[-1]):
            m.d.sync += walked.eq(Mux(there, walked + 1, Cat(C(0, len(self.address)), ~walked[-1])))
        repairs = memory.health.corrected & step[1 + self.latency_cycles] & ~disturbed

        m.d.comb += [
            # words is a power of two where there are two banks
            memory.address.eq(read_place),
            memory.read.eq(written & (~self.idle | step[1])),
            memory.write_address.eq(
                Mux(repairs, walked, Cat(place[:len(self.address)], write_bank))),
            memory.write_word.eq(Mux(repairs, memory.word, Cat(collected, self.byte))),
            memory.write_enable.eq(repairs | writes),
            self.word.eq(memory.word),
        ]
        with m.If(self.restart):
            m.d.sync += [byte_place.eq(0), self.received.eq(0), filled[chosen].eq(0)]
        with m.Elif(self.append):
            m.d.sync += [
                collected.eq(Cat(collected, self.byte)[8:]),
                byte_place.eq(Mux(byte_place == IMAGE_WORD_BYTES - 1, 0, byte_place + 1)),
                self.received.eq(Mux(self.received == (1 << 24) - 1, self.received,
                                     self.received + 1)),
            ]
            with m.If(writes):
                m.d.sync += place.eq(place + 1)
        return m
