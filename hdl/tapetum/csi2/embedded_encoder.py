# SPDX-License-Identifier: Apache-2.0
"""Writes the embedded row of a frame, byte by byte."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import settings_ring
from .embedded import EmbeddedStatus, EmbeddedTag, embedded_registers, register_value
from .formats import GROUP_PIXELS

__all__ = ["EmbeddedEncoder", "EmbeddedGroup"]


class EmbeddedGroup(data.Struct):
    """Four data bytes of an embedded row, one for each pixel of a group."""

    bytes: data.ArrayLayout(8, GROUP_PIXELS)
    last: 1


class EmbeddedEncoder(wiring.Component):
    """Encodes the values of `embedded_registers` with address and value tags.

    One byte per clock. A row has as many data bytes as pixels; registers that would not fit, from
    the first one on, are left out. The last group ends with at least one end tag; the rest of the
    row is end tags, which the reader supplies.

    Members
    -------
    start : In(1)
        Strobe; ``frame`` and ``row_groups`` (row width in groups of four pixels) are held from then
        until ``done``.
    done : Out(1)
        Strobe: the last group has been taken.
    settings : In(settings_ring), status : In(EmbeddedStatus)
    o : Out(stream of EmbeddedGroup)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "start": In(1),
            "frame": In(16),
            "row_groups": In(range(config.array.columns // GROUP_PIXELS + 1)),
            "done": Out(1),
            "settings": In(settings_ring(config)),
            "status": In(EmbeddedStatus),
            "o": Out(stream.Signature(EmbeddedGroup)),
        })

    @property
    def largest_groups(self) -> int:
        """Groups of a row that has room for everything."""
        return (len(self._plan()[0]) + GROUP_PIXELS) // GROUP_PIXELS

    def _plan(self) -> tuple[list[tuple[bool, int]], list[tuple], list[int]]:
        """Bytes of the row as constants or numbers of field bytes; the latter; registers' ends."""
        program: list[tuple[bool, int]] = [(False, EmbeddedTag.LINE_START)]
        fields: list[tuple] = []
        ends = []
        address = None
        for register in embedded_registers(self.config):
            if address is None or register.address >> 8 != address >> 8:
                program += [(False, EmbeddedTag.ADDRESS_HIGH), (False, register.address >> 8)]
            if register.address != address:
                program += [(False, EmbeddedTag.ADDRESS_LOW), (False, register.address & 0xFF)]
            for byte in reversed(range(register.width_bytes)):
                program += [(False, EmbeddedTag.VALUE), (True, len(fields))]
                fields.append((register.source, byte))
            address = register.address + register.width_bytes
            ends.append(len(program))
        return program, fields, ends

    def elaborate(self, platform):
        m = Module()
        program, fields, ends = self._plan()

        # The program as one constant: bit 8 tells a field's number from a byte to send as it is.
        rom = Const(sum((is_field << 8 | byte) << 9 * index
                        for index, (is_field, byte) in enumerate(program)), 9 * len(program))
        step = Signal(range(len(program) + GROUP_PIXELS))
        stop = Signal(range(len(program) + 1))
        running = Signal()
        advance = Signal()
        m.d.comb += advance.eq(~self.o.valid | self.o.ready)

        # Counts belong together, so all their bytes are of one moment.
        status = Signal(EmbeddedStatus, reset_less=True)
        with m.If(self.start):
            m.d.sync += [running.eq(1), step.eq(0), stop.eq(1), status.eq(self.status)]
            for end in ends:
                with m.If(self.row_groups * GROUP_PIXELS > end):
                    m.d.sync += stop.eq(end)

        # Stages: what the program says here, twice registered as it may become a block RAM; that
        # byte of each frame in flight; that of this frame.
        fetched, decoded = (Signal(9, reset_less=True) for _ in range(2))
        candidates = Signal(data.ArrayLayout(8, len(self.settings)), reset_less=True)
        constant, is_constant = Signal(8, reset_less=True), Signal(reset_less=True)
        stages = 3
        valid, past_end, last = Signal(stages), Signal(stages), Signal(stages)
        position = Signal(range(GROUP_PIXELS))
        word = Signal(EmbeddedGroup, reset_less=True)
        full = Signal()

        with m.If(advance):
            past_stop = step >= stop
            at_end = past_stop & (step[:2] == GROUP_PIXELS - 1)
            m.d.sync += [
                valid.eq(Cat(running, valid)),
                past_end.eq(Cat(past_stop, past_end)),
                last.eq(Cat(at_end, last)),
                fetched.eq(rom.word_select(step, 9)),
                decoded.eq(fetched),
                is_constant.eq(past_end[1] | ~decoded[8]),
                constant.eq(Mux(past_end[1], EmbeddedTag.END, decoded[:8])),
            ]
            with m.If(running):
                m.d.sync += [step.eq(step + 1), running.eq(~at_end)]
            for index in range(len(self.settings)):
                values = Cat(self._byte(source, byte, index, status) for source, byte in fields)
                m.d.sync += candidates[index].eq(
                    values.word_select(decoded[:(len(fields) - 1).bit_length()], 8))
            m.d.sync += self.o.valid.eq(valid[2] & full)
            with m.If(valid[2]):
                m.d.sync += [
                    word.bytes[position].eq(
                        Mux(is_constant, constant, candidates[self.frame[:2]])),
                    word.last.eq(last[2]),
                    position.eq(position + 1),
                ]
        m.d.comb += [
            full.eq(position == GROUP_PIXELS - 1),
            self.o.payload.eq(word),
            self.done.eq(self.o.valid & self.o.ready & word.last),
        ]
        return m

    def _byte(self, source, byte: int, index: int, status) -> Value:
        value = register_value(source, self.settings[index], self.frame, status,
                               status.companding_slots[index])[8 * byte:8 * byte + 8]
        return Cat(value, C(0, 8 - len(value)))
