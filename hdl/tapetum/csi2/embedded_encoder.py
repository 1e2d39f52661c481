# SPDX-License-Identifier: Apache-2.0
"""Writes the embedded rows of a frame, byte by byte."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from sys import maxsize
from typing import NamedTuple

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import settings_of, settings_ring
from .bottom_rows import bottom_rows
from .embedded import (
    EmbeddedStatus,
    ToldOf,
    embedded_registers,
    register_value,
    varies_with_frame,
)
from .embedded_format import EmbeddedRegister, EmbeddedTag, tagged_registers
from .formats import GROUP_PIXELS
from .frame_results import FrameResults

__all__ = ["EmbeddedEncoder", "EmbeddedGroup"]

_BLOCK_LOG2 = 4
BLOCK_BYTES = 1 << _BLOCK_LOG2
"""Bytes of values among which one is chosen in a clock; in the next, among all such blocks."""


class EmbeddedGroup(data.Struct):
    """Four data bytes of an embedded row, one for each pixel of a group."""

    bytes: data.ArrayLayout(8, GROUP_PIXELS)
    last: 1


class _Byte(NamedTuple):
    """One step of the program.

    ``content`` is a constant, or the number of a byte of a value; ``groups`` are those that a row
    must have to tell the register to which the byte belongs.
    """

    content: int
    is_constant: bool
    groups: int


class _Program:
    """The bytes of all rows one after the other, and the bytes of values that they name.

    Bytes that are kept for each frame in flight are numbered first, then the others; each kind
    begins with a new block of `BLOCK_BYTES`.
    """

    def __init__(self, rows: Sequence[Sequence[EmbeddedRegister]]):
        places = [(register, byte) for row in rows for register in row
                  for byte in reversed(range(register.width_bytes))]
        self.varying = [place for place in places if varies_with_frame(place[0].source)]
        self.common = [place for place in places if not varies_with_frame(place[0].source)]
        self.common_from = -(-len(self.varying) // BLOCK_BYTES) * BLOCK_BYTES
        numbers = {place: number for number, place in enumerate(self.varying)} | {
            place: self.common_from + number for number, place in enumerate(self.common)}

        self.steps: list[_Byte] = []
        self.starts: list[int] = []
        for row in rows:
            self.starts.append(len(self.steps))
            self.steps.append(_Byte(EmbeddedTag.LINE_START, True, 0))
            for placed in tagged_registers(row):
                groups = placed.end // GROUP_PIXELS + 1
                self.steps += [_Byte(tag, True, groups) for tag in placed.address_tags]
                for byte in reversed(range(placed.register.width_bytes)):
                    self.steps += [_Byte(EmbeddedTag.VALUE, True, groups),
                                   _Byte(numbers[placed.register, byte], False, groups)]
            # No row has so many groups: what stands behind its last register is end tags.
            self.steps += [_Byte(EmbeddedTag.END, True, maxsize)] * GROUP_PIXELS

    @property
    def blocks(self) -> int:
        return -(-(self.common_from + len(self.common)) // BLOCK_BYTES)


class EmbeddedEncoder(wiring.Component):
    """Encodes the rows of `embedded_registers` and `bottom_rows` with address and value tags.

    One byte per clock. A row has as many data bytes as pixels; registers that would not fit, from
    the first one on, are left out. The last group ends with at least one end tag; the rest of the
    row is end tags, which the reader supplies.

    Members
    -------
    start : In(1)
        Strobe; everything else is held from then until ``done``.
    row : In
        0: the row above the frame; from 1 on those below it, in their order.
    frame : In(16), channel : In(2), whole : In(1)
        Whose row it is; ``whole``: all results are those of this frame.
    row_groups : In
        Row width in groups of four pixels.
    done : Out(1)
        Strobe: the last group has been taken.
    settings : In(settings_ring), companding_slots : In(3 per frame in flight)
    results : In(FrameResults)
    o : Out(stream of EmbeddedGroup)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self._rows = (embedded_registers(config), *bottom_rows(config))
        super().__init__({
            "start": In(1), "row": In(range(len(self._rows))),
            "frame": In(16), "channel": In(2), "whole": In(1),
            "row_groups": In(range(config.array.columns // GROUP_PIXELS + 1)),
            "done": Out(1),
            "settings": In(settings_ring(config)),
            "companding_slots": In(EmbeddedStatus(config)["companding_slots"].shape),
            "results": In(FrameResults(config)),
            "o": Out(stream.Signature(EmbeddedGroup)),
        })

    @property
    def largest_groups(self) -> int:
        """Groups of the row above a frame, or of all rows below it, with room for everything."""
        above, *below = ((tagged_registers(row)[-1].end + GROUP_PIXELS) // GROUP_PIXELS
                         for row in self._rows)
        return max(above, sum(below))

    def elaborate(self, platform):
        m = Module()
        program = _Program(self._rows)
        never = self.config.array.columns // GROUP_PIXELS + 1
        entry = data.StructLayout({
            "content": max(8, (program.blocks * BLOCK_BYTES - 1).bit_length()),
            "is_constant": 1, "groups": range(never + 1),
        })
        m.submodules.program = memory = Memory(shape=entry, depth=len(program.steps), init=[
            {"content": byte.content, "is_constant": byte.is_constant,
             "groups": min(byte.groups, never)} for byte in program.steps])
        read = memory.read_port()

        # Stages: a step of the program; the same again, as the memory may be a block RAM; that
        # byte of every block; the one of its block, and of this frame.
        advance = Signal()
        step = Signal(range(len(program.steps)))
        running, valid = Signal(), Signal(3)
        decoded = Signal(entry, reset_less=True)
        m.d.comb += [advance.eq(~self.o.valid | self.o.ready), read.addr.eq(step),
                     read.en.eq(advance)]
        too_narrow = self.row_groups < decoded.groups
        past_end, is_constant = Signal(reset_less=True), Signal(reset_less=True)
        constant = Signal(8, reset_less=True)
        with m.If(advance):
            m.d.sync += [
                valid.eq(Cat(running, valid)),
                decoded.eq(read.data),
                past_end.eq(too_narrow),
                is_constant.eq(too_narrow | decoded.is_constant),
                constant.eq(Mux(too_narrow, EmbeddedTag.END, decoded.content)),
            ]
            with m.If(running):
                m.d.sync += step.eq(step + 1)
        chosen = self._choose(m, program, decoded.content, advance)

        position = Signal(range(GROUP_PIXELS))
        word = Signal(EmbeddedGroup, reset_less=True)
        full = Signal()
        m.d.comb += full.eq(valid[-1] & (position == GROUP_PIXELS - 1))
        with m.If(advance):
            m.d.sync += self.o.valid.eq(full)
            with m.If(valid[-1]):
                m.d.sync += [
                    word.bytes[position].eq(Mux(is_constant, constant, chosen)),
                    word.last.eq(past_end),
                    position.eq(position + 1),
                ]
            with m.If(full & past_end):
                m.d.sync += [running.eq(0), valid.eq(0)]
        with m.If(self.start):
            m.d.sync += running.eq(1)
            with m.Switch(self.row):
                for row, start in enumerate(program.starts):
                    with m.Case(row):
                        m.d.sync += step.eq(start)
        m.d.comb += [
            self.o.payload.eq(word),
            self.done.eq(self.o.valid & self.o.ready & word.last),
        ]
        return m

    def _choose(self, m: Module, program: _Program, number: Value, advance: Value) -> Value:
        """The byte of that number, two clocks later."""
        told = Signal(ToldOf, reset_less=True)
        own = settings_of(self.settings, self.frame)
        m.d.sync += [
            told.combined.eq(self.whole & ~own.uncombined),
            told.captures.eq(Mux(self.whole, Mux(own.uncombined, 1 << self.channel,
                                                 own.capture_mask), 0)),
        ]
        block = Signal(range(program.blocks), reset_less=True)
        of_frame = Signal(len(self.settings), reset_less=True)
        with m.If(advance):
            m.d.sync += block.eq(number >> _BLOCK_LOG2)
        m.d.sync += of_frame.eq(1 << self.frame[:2])

        candidates = []
        for frames, first, places in (
                (len(self.settings), 0, program.varying), (1, program.common_from, program.common)):
            for start in range(0, len(places), BLOCK_BYTES):
                ours = block == (first + start) // BLOCK_BYTES
                for frame in range(frames):
                    values = Cat(self._byte(register, byte, frame, told)
                                 for register, byte in places[start:start + BLOCK_BYTES])
                    candidate = Signal(8, reset_less=True, name=f"block_{first + start}_{frame}")
                    with m.If(advance):
                        m.d.sync += candidate.eq(values.word_select(number[:_BLOCK_LOG2], 8))
                    selected = ours & of_frame[frame] if frames > 1 else ours
                    candidates.append(Mux(selected, candidate, 0))
        return reduce(or_, candidates)

    def _byte(self, register: EmbeddedRegister, byte: int, frame: int, told) -> Value:
        value = register_value(
            register.source, settings=self.settings[frame],
            slot=self.companding_slots[frame], frame=self.frame, results=self.results,
            told=told)[8 * byte:8 * byte + 8]
        return Cat(value, C(0, 8 - len(value)))
