# SPDX-License-Identifier: Apache-2.0
"""Brings a program into the array, if it is one."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed
from .npu_config import NpuConfig
from .program import LAYER_WORDS, Target
from .program_image import (
    ENTRY_BITS,
    HEADER_LAYOUT,
    HEADER_WORDS,
    IMAGE_MAGIC,
    IMAGE_VERSION,
    IMAGE_WORD_BITS,
    IMAGE_WORD_BYTES,
    SEGMENT_LAYOUT,
)
from .program_memory import ProgramMemory
from .scoreboard import TENSORS

__all__ = ["LoadedProgram", "ProgramLoader"]

_READ_CYCLES = ProgramMemory.latency_cycles
_SETTLE_CYCLES = 8
"""Clocks in which the last words reach the array's memories."""


class LoadedProgram(data.Struct):
    """What the rest of the room must know of the program in the array."""

    model_id: 32
    classes: 8
    rows: 12
    columns: 12
    channels: 8
    row_words: 16
    signature: 64
    has_signature: 1


class ProgramLoader(wiring.Component):
    """Checks an image, waits until the array is free, then writes it there.

    ::

        load ─► sum of all bytes ─► every segment fits? ─► wait for `free` ─► copy ─► loaded
                       └────────────────┴─ no: refused, nothing has changed

    The check reads what lies in the memory, 14 clocks a word. The copy takes one clock an entry and
    about 10 a segment; meanwhile the array holds no program.

    Members
    -------
    load : In(1)
        Strobe: take over the image in the memory. Ignored while ``busy``.
    address : Out, word : In(72)
        Of `ProgramMemory`.
    free : In(1)
        The array computes nothing and nobody needs it for as long as a copy takes.
    busy, copying : Out(1)
    loaded : Out(1)
        The array holds a program, ``program`` : Out(LoadedProgram).
    refused : Out(1), refusal : Out(1)
        The last load was refused; a pulse when that happens.
    write, write_target, write_cell, write_index, write_data : Out
        For the program port of `Engine`.
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "load": In(1), "address": Out(range(config.program_words)),
            "word": In(IMAGE_WORD_BITS), "free": In(1),
            "busy": Out(1), "copying": Out(1), "loaded": Out(1), "program": Out(LoadedProgram),
            "refused": Out(1), "refusal": Out(1),
            "write": Out(1), "write_target": Out(Target), "write_cell": Out(range(config.cells)),
            "write_index": Out(16), "write_data": Out(72),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.sum = checksum = CRC32_ISO_HDLC(data_width=8).create()
        place, following = Signal(24), Signal(24)
        wait = Signal(range(_SETTLE_CYCLES + 1))
        header = Signal(HEADER_LAYOUT, reset_less=True)
        header_words = Value.cast(header)
        segment, end = Signal(SEGMENT_LAYOUT, reset_less=True), Signal(17, reset_less=True)
        current = Signal(IMAGE_WORD_BITS, reset_less=True)
        bytes_left = Signal(range(IMAGE_WORD_BYTES + 1))
        last = Signal(24, reset_less=True)
        copied = Signal()
        m.d.comb += self.address.eq(place)
        m.d.sync += [self.refusal.eq(0), last.eq(header.words - 1)]
        self._copy(m, segment, copied)

        def fetch(state: str, following_state: str, *found) -> None:
            """Wait until the word at ``place`` is there; ``found`` is done with it."""
            with m.State(state):
                m.d.sync += wait.eq(wait + 1)
                with m.If(wait == _READ_CYCLES):
                    m.d.sync += [wait.eq(0), *found]
                    m.next = following_state

        with m.FSM() as fsm:
            with m.State("idle"):
                m.d.comb += checksum.start.eq(1)
                m.d.sync += [place.eq(0), wait.eq(0)]
                with m.If(self.load):
                    m.next = "fetch"

            # The sum of all bytes but those of the last word, which holds it.
            fetch("fetch", "bytes", current.eq(self.word), bytes_left.eq(IMAGE_WORD_BYTES))
            with m.State("bytes"):
                m.d.comb += [checksum.data.eq(current[:8]), checksum.valid.eq(1)]
                m.d.sync += [current.eq(current.rotate_right(8)), bytes_left.eq(bytes_left - 1)]
                with m.If(bytes_left == 1):
                    m.d.sync += place.eq(place + 1)
                    for number in range(HEADER_WORDS):
                        part = slice(number * IMAGE_WORD_BITS, (number + 1) * IMAGE_WORD_BITS)
                        with m.If(place == number):
                            m.d.sync += header_words[part].eq(current.rotate_right(8))
                    m.next = "more"
            with m.State("more"):
                m.next = "judge"
            with m.State("judge"):
                sound = ((header.magic == IMAGE_MAGIC) & (header.version == IMAGE_VERSION)
                         & (header.cells == self.config.cells)
                         & (header.further_pixels == self.config.pixels - 1) & (header.classes != 0)
                         & (header.words <= self.config.program_words)
                         & (header.words > HEADER_WORDS + 1))
                m.next = "fetch"
                with m.If((place == HEADER_WORDS) & ~sound):
                    m.next = "refuse"
                with m.Elif((place >= HEADER_WORDS) & (place == last)):
                    m.next = "sum"
            fetch("sum", "compare", current.eq(self.word))
            with m.State("compare"):
                m.d.sync += place.eq(HEADER_WORDS)
                m.next = "refuse"
                with m.If(current[:32] == checksum.crc):
                    m.next = "segment"

            # Segments: walked through to see that they fit, then once more to copy them.
            fetch("segment", "measure", segment.eq(self.word))
            with m.State("measure"):
                m.d.sync += [end.eq(segment.index + segment.entries), place.eq(place + 1)]
                m.next = "fits"
            with m.State("fits"):
                m.d.sync += following.eq(place + segment.words)
                m.next = "refuse"
                with m.If(self.copying):
                    m.next = "copy"
                with m.Elif(self._fits(segment, end)):
                    m.next = "next"
            with m.State("copy"):
                with m.If(copied):
                    m.next = "next"
                with m.Else():
                    m.d.sync += place.eq(place + self._advance)
            with m.State("next"):
                m.d.sync += place.eq(following)
                m.next = "segment"
                with m.If(following == last):
                    m.d.sync += place.eq(HEADER_WORDS)
                    m.next = "wait"
                    with m.If(self.copying):
                        m.next = "settle"
                with m.Elif(following > last):
                    m.next = "refuse"
            with m.State("wait"):
                with m.If(self.free):
                    m.d.sync += [self.copying.eq(1), self.loaded.eq(0)]
                    m.next = "segment"
            with m.State("settle"):
                m.d.sync += wait.eq(wait + 1)
                with m.If(wait == _SETTLE_CYCLES):
                    m.d.sync += [
                        self.copying.eq(0), self.loaded.eq(1), self.refused.eq(0),
                        *(field.eq(header[name]) for name, field in (
                            (name, self.program[name]) for name in LoadedProgram.as_shape()
                            .members)),
                    ]
                    m.next = "idle"
            with m.State("refuse"):
                m.d.sync += [self.refused.eq(1), self.refusal.eq(1), self.copying.eq(0)]
                m.next = "idle"
        m.d.comb += [self.busy.eq(~fsm.ongoing("idle")), self._copy_runs.eq(fsm.ongoing("copy"))]
        return m

    def _fits(self, segment, end: Signal) -> Value:
        """The segment lies within a memory of the array."""
        config = self.config
        depths = {
            Target.WEIGHTS: config.weight_words, Target.PARAMETERS: config.parameter_words,
            Target.LAYERS: LAYER_WORDS * config.layers, Target.TENSORS: TENSORS,
            Target.SCHEDULE: config.schedule_entries, Target.TABLES: 512 * config.add_tables,
            Target.HEADER: 2}
        return (segment.cell < config.cells) & (segment.words != 0) & Cat(
            (segment.target == target) & (end <= depth) for target, depth in depths.items()).any()

    def _copy(self, m: Module, segment, copied: Signal) -> None:
        """One entry a clock: words come as fast as their entries leave."""
        self._copy_runs, self._advance = Signal(name="copy_runs"), Signal(name="advance")
        part = Signal(range(IMAGE_WORD_BYTES))
        entries, index = Signal(16, reset_less=True), Signal(16, reset_less=True)
        per_word = Signal.like(part)
        shifted = Signal(IMAGE_WORD_BITS, reset_less=True)
        with m.Switch(segment.target):
            for target, bits in ENTRY_BITS.items():
                with m.Case(target):
                    m.d.comb += per_word.eq(IMAGE_WORD_BITS // bits - 1)

        # Reads.
        first, more = part == 0, entries != 0
        m.d.comb += self._advance.eq(part == per_word)
        with m.If(self._copy_runs):
            m.d.sync += part.eq(Mux(self._advance, 0, part + 1))
            with m.If(more):
                m.d.sync += entries.eq(entries - 1)
        with m.Else():
            m.d.sync += [part.eq(0), entries.eq(segment.entries)]

        # Words, and what is left of them.
        came = delayed(m, Cat(self._copy_runs & more, first), _READ_CYCLES, name="came",
                       reset_less=False)
        here = Mux(came[1], self.word, shifted)
        is_byte = segment.target == Target.SCHEDULE
        with m.If(came[0]):
            m.d.sync += [
                shifted.eq(Mux(is_byte, here >> 8, here >> 32)), self.write_data.eq(here),
                index.eq(index + 1), self.write_index.eq(index),
            ]
        with m.If(~self._copy_runs):
            m.d.sync += index.eq(segment.index)
        m.d.sync += [self.write.eq(came[0]), self.write_target.eq(segment.target),
                     self.write_cell.eq(segment.cell)]
        m.d.comb += copied.eq(~more & ~came[0] & ~delayed(
            m, self._copy_runs & more, 1, name="coming", reset_less=False))
