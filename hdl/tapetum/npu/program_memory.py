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

    Bytes beyond the bank's end are counted and dropped. While the memory is ``idle``, what has been
    received is walked through, a word every `SCRUB_CYCLES` clocks, and a word with a wrong bit is
    written back right: errors cannot gather.

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
        words = self.config.program_words
        m.submodules.words = memory = ProtectedMemory(
            IMAGE_WORD_BITS, depth=words * self.config.program_banks)
        connect(m, memory.health, flipped(self.memory))
        byte_place, place = Signal(range(IMAGE_WORD_BYTES)), Signal(range(words + 1))
        collected = Signal(IMAGE_WORD_BITS - 8, reset_less=True)
        whole = self.append & (byte_place == IMAGE_WORD_BYTES - 1)
        walked, repairs = self._walk(m, memory, place)
        m.d.comb += [
            # words is a power of two where there are two banks
            memory.address.eq(Cat(Mux(self.idle, walked, self.address), self.bank)),
            memory.write_address.eq(Cat(Mux(repairs, walked, place[:len(walked)]), self.bank)),
            memory.write_word.eq(Mux(repairs, memory.word, Cat(collected, self.byte))),
            memory.write_enable.eq(repairs | (whole & (place != words))),
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

    def _walk(self, m: Module, memory: ProtectedMemory, place: Signal) -> tuple[Value, Value]:
        """Where the walk stands, and when its word is to be written back."""
        walked = Signal(range(self.config.program_words))
        # A word, from its address to its repair. Whatever else moves takes it off the way.
        step, there = Signal(SCRUB_CYCLES, init=1), Signal()
        disturbed = ~self.idle | self.append | self.restart
        m.d.comb += memory.read.eq(~self.idle | (step[1] & there))
        m.d.sync += [there.eq(walked < place), step.eq(step.rotate_left(1))]
        with m.If(disturbed):
            m.d.sync += step.eq(1)
        with m.Elif(step[-1]):
            m.d.sync += walked.eq(Mux(there, walked + 1, 0))
        repairs = memory.health.corrected & step[1 + self.latency_cycles] & ~disturbed
        return walked, repairs
