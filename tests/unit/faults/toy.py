# SPDX-License-Identifier: Apache-2.0
"""A design of which everybody knows what a wrong bit does."""

from pathlib import Path

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from tapetum_sim.simulator import Clock, Recorder
from tapetum_sim.simulator.toplevel import RESET_CYCLES

__all__ = ["CLOCKS", "CYCLE_PS", "FAULT_PS", "SINKS", "WINDOW_PS", "Toy", "write_scenario"]

PERIOD = 16
"""Clocks between two writes of the registers, and between two outputs."""
CYCLE_PS = 10_000
WINDOW_PS = 4 * PERIOD * CYCLE_PS
FAULT_PS = 11 * CYCLE_PS
"""From the beginning of the window: between a write and the output."""

CLOCKS = [Clock(domain="sync", frequency_hz=10**12 // CYCLE_PS)]
SINKS = (r"^told$", r"^error$")


class Room(wiring.Component):
    """Two registers leave every period; one of them has a parity, which is checked.

    Words 0 to 7 of the memory leave in every period; the others are never read. ``kept`` would
    leave if ``show`` were high.
    """

    show: In(1)
    told: Out(1)
    error: Out(1)

    def elaborate(self, platform):
        m = Module()
        count = Signal(8)
        filled = Signal()
        plain = Signal(8)
        guarded = Signal(8)
        parity = Signal()
        kept = Signal(4, init=5)
        phase = count[:4]
        m.d.sync += count.eq(count + 1)
        with m.If(phase == 0):
            m.d.sync += [plain.eq(count), guarded.eq(~count), parity.eq((~count).xor())]
        m.d.sync += kept.eq(kept.rotate_left(1))
        with m.If(guarded.xor() != parity):
            m.d.sync += self.told.eq(1)
        m.d.sync += self.error.eq(self.told)

        m.submodules.words = words = memory.Memory(shape=8, depth=16, init=[])
        read, write = words.read_port(), words.write_port()
        with m.If(phase == 15):
            m.d.sync += filled.eq(1)
        m.d.comb += [read.addr.eq(phase[:3]), read.en.eq(phase < 8),
                     write.addr.eq(phase), write.data.eq(phase), write.en.eq(~filled)]
        m.submodules.registers_pen = registers = Recorder(16, "registers")
        m.submodules.words_pen = given = Recorder(8, "words")
        m.d.comb += [
            registers.payload.eq(Cat(plain ^ (kept & self.show.replicate(4)), guarded)),
            registers.valid.eq(phase == 15), registers.ready.eq(1),
            given.payload.eq(read.data), given.ready.eq(1),
            given.valid.eq((phase != 0) & (phase <= 8)),
        ]
        return m


class Toy(wiring.Component):
    """A test bench around `Room`."""

    show: In(1)
    faults: Out(1)
    error: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.room = room = Room()
        m.d.comb += [room.show.eq(self.show), self.faults.eq(room.told),
                     self.error.eq(room.error)]
        return m


def write_scenario(folder: Path) -> Path:
    """What is observed, and when: the window begins with a period, some time after the reset."""
    folder.mkdir(parents=True, exist_ok=True)
    begin = (20 * PERIOD + RESET_CYCLES + 1) * CYCLE_PS
    (folder / "scenario.txt").write_text("\n".join([
        "observe registers 16", "observe words 8", "faults faults", "error error",
        f"begin_ps {begin}",
        f"window_ps {2 * WINDOW_PS} {PERIOD // 2 * CYCLE_PS} {PERIOD * CYCLE_PS} {2 * begin}",
    ]) + "\n")
    return folder
