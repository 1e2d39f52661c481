# SPDX-License-Identifier: Apache-2.0
"""Writes the embedded rows of a frame, byte by byte."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import adopted_settings, settings_of
from ..memory.health import MemoryHealth
from .bottom_rows import bottom_rows
from .embedded import EmbeddedStatus, ToldOf, embedded_registers, result_value
from .embedded_format import EmbeddedTag, tagged_registers
from .embedded_program import ByteKind, EmbeddedProgram, byte_of, chosen_byte
from .formats import GROUP_PIXELS
from .frame_results import FrameResults
from .settings_record import SettingsRecord

__all__ = ["EmbeddedEncoder", "EmbeddedGroup"]


class EmbeddedGroup(data.Struct):
    """Four data bytes of an embedded row, one for each pixel of a group."""

    bytes: data.ArrayLayout(8, GROUP_PIXELS)
    last: 1


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
    settings : In(adopted_settings), companding_slots : In(3 per frame in flight)
    results : In(FrameResults)
    memory : Out(MemoryHealth)
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
            "settings": In(adopted_settings(config)),
            "companding_slots": In(EmbeddedStatus(config)["companding_slots"].shape),
            "results": In(FrameResults(config)),
            "memory": Out(MemoryHealth()),
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
        program = EmbeddedProgram(self._rows)
        never = self.config.array.columns // GROUP_PIXELS + 1
        most = max(len(program.settings), len(program.results)) - 1
        entry = data.StructLayout({
            "content": max(8, most.bit_length()), "kind": 2, "groups": range(never + 1)})
        m.submodules.program = memory = Memory(shape=entry, depth=len(program.steps), init=[
            step._asdict() | {"groups": min(step.groups, never)} for step in program.steps])
        read = memory.read_port()
        m.submodules.record = record = SettingsRecord(self.config, program.settings)
        connect(m, record.health, flipped(self.memory))

        # Stages: a step of the program; the same again, as the memory may be a block RAM; its
        # constant, setting, and of each block of results one; the byte.
        advance = Signal()
        step = Signal(range(len(program.steps)))
        running, valid = Signal(), Signal(3)
        decoded = Signal(entry, reset_less=True)
        m.d.comb += [
            advance.eq(~self.o.valid | self.o.ready), read.addr.eq(step), read.en.eq(advance),
            record.settings.eq(self.settings), record.frame.eq(self.frame),
            record.place.eq(read.data.content), record.enable.eq(advance),
            record.read.eq(valid[0] & (read.data.kind == ByteKind.SETTING)),
        ]
        too_narrow = self.row_groups < decoded.groups
        past_end, kind = Signal(reset_less=True), Signal(2, reset_less=True)
        constant = Signal(8, reset_less=True)
        with m.If(advance):
            m.d.sync += [
                valid.eq(Cat(running, valid)),
                decoded.eq(read.data),
                past_end.eq(too_narrow),
                kind.eq(Mux(too_narrow, ByteKind.CONSTANT, decoded.kind)),
                constant.eq(Mux(too_narrow, EmbeddedTag.END, decoded.content)),
            ]
            with m.If(running):
                m.d.sync += step.eq(step + 1)
        result = self._result(m, program, decoded.content, advance)
        byte = Mux(kind == ByteKind.RESULT, result,
                   Mux(kind == ByteKind.SETTING, record.byte, constant))

        position = Signal(range(GROUP_PIXELS))
        word = Signal(EmbeddedGroup, reset_less=True)
        full = Signal()
        m.d.comb += full.eq(valid[-1] & (position == GROUP_PIXELS - 1))
        with m.If(advance):
            m.d.sync += self.o.valid.eq(full)
            with m.If(valid[-1]):
                m.d.sync += [
                    word.bytes[position].eq(byte),
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

    def _result(self, m: Module, program: EmbeddedProgram, number: Value, advance: Value) -> Value:
        """The byte of a result of that number, a clock later."""
        told = Signal(ToldOf, reset_less=True)
        own = settings_of(m, self.settings, self.frame, "uncombined", "capture_mask")
        m.d.sync += [
            told.combined.eq(self.whole & ~own.uncombined),
            told.captures.eq(Mux(self.whole, Mux(own.uncombined, 1 << self.channel,
                                                 own.capture_mask), 0)),
        ]
        return chosen_byte(m, [
            byte_of(result_value(register.source, slot=self.companding_slots[self.frame[:2]],
                                 frame=self.frame, results=self.results, told=told), byte)
            for register, byte in program.results], number, enable=advance)
