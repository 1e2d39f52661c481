# SPDX-License-Identifier: Apache-2.0
"""A small design in which each promise of the simulator can be seen."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tapetum_sim.simulator import Mailbox, Recorder, Window

__all__ = ["EVENT_CYCLES", "WINDOW_CYCLES", "Beat", "SimulatorTop", "WideBeat"]

EVENT_CYCLES = 50
WINDOW_CYCLES = 300


# A payload with every kind of field, none of them aligned.
Beat = data.StructLayout({
    "last": 1,
    "number": 20,
    "levels": data.ArrayLayout(signed(5), 3),
    "inverse": 20,
    "word": 64,
})


class WideBeat(data.Struct):
    """The widest payload that a recorder takes."""

    words: data.ArrayLayout(64, 16)


class SimulatorTop(wiring.Component):
    """Counts, answers and talks.

    Members
    -------
    count, adc_count : Out
        Free-running counters of ``sync`` and ``adc``.
    event : Out(1)
        Changes every ``EVENT_CYCLES`` cycles of ``sync``.
    command : In(8), seen : Out(8)
        ``seen`` is ``command``, one cycle of ``sync`` later.
    load : In(1), letter : Out(100)
        A mailbox.
    """

    count: Out(32)
    adc_count: Out(32)
    event: Out(1)
    command: In(8)
    seen: Out(8)
    load: In(1)
    letter: Out(100)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += [self.count.eq(self.count + 1), self.seen.eq(self.command)]
        m.d.adc += self.adc_count.eq(self.adc_count + 1)
        phase = Signal(range(EVENT_CYCLES))
        m.d.sync += phase.eq(phase + 1)
        with m.If(phase == EVENT_CYCLES - 1):
            m.d.sync += [phase.eq(0), self.event.eq(~self.event)]

        m.submodules.mailbox = mailbox = Mailbox(100, "letters")
        m.d.comb += [mailbox.load.eq(self.load), self.letter.eq(mailbox.data)]

        m.submodules.window = window = Window(32, WINDOW_CYCLES, "counts")
        m.d.comb += window.payload.eq(self.count)

        # Bubbles and stalls from a 16-bit Galois register; the payload moves on with each beat.
        noise = Signal(16, init=0xACE1)
        m.d.adc += noise.eq((noise >> 1) ^ (noise[0].replicate(16) & 0xB400))
        number = Signal(20)
        with m.If(noise[3] & noise[9]):
            m.d.adc += number.eq(number + 1)
        m.submodules.recorder = recorder = Recorder(Beat, "beats", domain="adc")
        m.submodules.wide = wide = Recorder(WideBeat, "wide", domain="adc")
        m.d.comb += [
            recorder.valid.eq(noise[3]),
            recorder.ready.eq(noise[9]),
            recorder.payload.last.eq(number[:3] == 7),
            recorder.payload.number.eq(number),
            *(recorder.payload.levels[i].eq((number + 11 * i).as_signed()) for i in range(3)),
            recorder.payload.inverse.eq(~number),
            recorder.payload.word.eq(Cat(number, ~number, number)),
            wide.valid.eq(noise[3]),
            wide.ready.eq(noise[9]),
            *(wide.payload.words[i].eq(Cat(number, Const(i, 44))) for i in range(16)),
        ]
        return m
