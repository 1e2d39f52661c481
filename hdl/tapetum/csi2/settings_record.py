# SPDX-License-Identifier: Apache-2.0
"""The settings of the frames in flight, as bytes of their embedded rows."""

from collections.abc import Sequence

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT, SETTLED_CYCLES, adopted_settings
from ..memory.code import Parity
from ..memory.health import MemoryHealth
from ..memory.word_check import WordCheck
from ..room_config import require
from .embedded import setting_value
from .embedded_program import ValueByte, byte_of, chosen_byte

__all__ = ["SettingsRecord"]


class SettingsRecord(wiring.Component):
    """Copies the settings of each frame into a memory as it is adopted, a byte per clock.

    So a byte is chosen among the settings of one frame, where out of the settings of all frames in
    flight a multiplexer would be four times as large. The first row of a frame must be stored
    `record_cycles` behind ``adopt`` or later; exposures take far longer.

    Parameters
    ----------
    config : DieConfig
    places : sequence of ValueByte
        What is kept, in the order of `place`.

    Members
    -------
    settings : In(adopted_settings)
    frame : In(16), place : In, read : In(1), enable : In(1)
        Which byte, and whether it counts.
    byte : Out(8)
        Two clocks with ``enable`` later.
    health : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig, places: Sequence[ValueByte]):
        self.config, self.places = config, tuple(places)
        shortest = min(SETTLED_CYCLES, config.row_timing.line_cycles)
        require(self.record_cycles <= shortest,
                f"the settings of a frame take {self.record_cycles} cycles to be recorded, but the "
                f"next one may be planned {shortest} later; lower adc_clock_hz or raise "
                f"adc.bits for a row that takes longer.")
        super().__init__({
            "settings": In(adopted_settings(config)),
            "frame": In(16), "place": In(range(len(places))),
            "read": In(1), "enable": In(1), "byte": Out(8),
            "health": Out(MemoryHealth()),
        })

    @property
    def record_cycles(self) -> int:
        """From ``adopt`` until all is in the memory."""
        return len(self.places) + 3

    def elaborate(self, platform):
        m = Module()
        code, count = Parity(8), len(self.places)
        # A memory that answers at once, and a register: synthesis makes them one block RAM. No byte
        # is read while it is written, so the attribute frees it from defining what would be read.
        m.submodules.bytes = kept = memory.Memory(
            shape=code.word_bits, depth=FRAMES_IN_FLIGHT << (count - 1).bit_length(), init=[],
            attrs={"no_rw_check": 1})
        write, read = kept.write_port(), kept.read_port(domain="comb")
        m.submodules.check = check = WordCheck(code)
        connect(m, check.health, flipped(self.health))

        adopted = self.settings
        frame, place = Signal(2, reset_less=True), Signal(range(count))
        running, chosen_place = Signal(), Signal.like(place)
        with m.If(adopted.adopt):
            m.d.sync += [frame.eq(adopted.frame), place.eq(0), running.eq(1)]
        with m.Elif(running):
            m.d.sync += [place.eq(place + 1), running.eq(place != count - 1)]
        chosen = chosen_byte(
            m, [byte_of(setting_value(register.source, adopted.settings), byte)
                for register, byte in self.places], place)
        written, writes = Signal(8, reset_less=True), Signal(2)
        m.d.sync += [
            chosen_place.eq(place), write.addr.eq(Cat(chosen_place, frame)),
            writes.eq(Cat(running, writes)), written.eq(chosen),
        ]
        m.d.comb += [write.data.eq(Cat(written, code.encode(written))), write.en.eq(writes[-1])]

        found = Signal(code.word_bits, reset_less=True)
        # Of a word, whether it counts.
        counts = Signal(2)
        m.d.comb += [
            read.addr.eq(Cat(self.place, self.frame[:2])),
            self.byte.eq(check.word[:8]), check.read.eq(counts[-1] & self.enable),
        ]
        with m.If(self.enable):
            m.d.sync += [
                found.eq(read.data), check.word.eq(found), counts.eq(Cat(self.read, counts))]
        return m
