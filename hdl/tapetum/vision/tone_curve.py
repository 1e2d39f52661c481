# SPDX-License-Identifier: Apache-2.0
"""The tone curve's memory and the point on it."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ..memory.code import Parity
from ..memory.health import MemoryHealth, gather
from ..memory.word_check import WordCheck
from ..registers.bus import WindowBus
from ..registers.definition import MemoryWindow
from ..stream.delay import delayed
from .tone_table import FRACTION_BITS, KNOT_BITS, KNOTS, SEGMENTS, logarithmic, tone_knots

__all__ = ["TONE_WINDOW", "ToneCurve"]

TONE_WINDOW = MemoryWindow(
    name="vision_tone_curve", address=0x4800, entries=KNOTS, entry_bytes=2,
    sentence="Tone curve of the network's input: knots in 1/256 codes, signed, at 0, 0.5, 1 and "
             "1.5 LSB above the pedestal and at four places in each octave from 2 up; acts at "
             "once.")


class ToneCurve(wiring.Component):
    """``knot + (next knot - knot) * fraction / 256``, rounded to int8.

    Latency `latency_cycles`, one point per clock.

    Members
    -------
    valid : In(1), segment : In, fraction : In(8)
    code : Out(signed(8))
        Holds still while nothing valid comes through.
    window : In(WindowBus)
        `TONE_WINDOW`.
    memory : Out(MemoryHealth)
    """

    latency_cycles = 8

    valid: In(1)
    segment: In(range(SEGMENTS))
    fraction: In(FRACTION_BITS)
    code: Out(signed(8))
    window: In(WindowBus(TONE_WINDOW))
    memory: Out(MemoryHealth())

    def elaborate(self, platform):
        m = Module()
        moves = [self.valid]
        for clock in range(1, self.latency_cycles):
            moves.append(delayed(m, moves[-1], 1, name=f"moves_{clock}", reset_less=False))
        code = Parity(KNOT_BITS)
        m.submodules.knots = knots = memory.Memory(
            shape=code.word_bits, depth=KNOTS,
            init=[code.encoded(knot) for knot in tone_knots(logarithmic())])
        here, there, shown = knots.read_port(), knots.read_port(), knots.read_port()

        # The host's side: an entry changes with its second byte.
        write, window = knots.write_port(), self.window
        upper = Signal(8, reset_less=True)
        with m.If(window.write):
            m.d.sync += upper.eq(window.write_data)
        knot = Cat(window.write_data, upper)
        byte, entry = window.address[0], window.address[1:]
        m.d.comb += [
            write.addr.eq(entry), write.data.eq(Cat(knot, code.encode(knot))),
            write.en.eq(window.write & byte & (entry < KNOTS)), shown.addr.eq(entry),
        ]
        read_byte = delayed(m, byte, 1, name="read_byte")
        m.d.sync += window.read_data.eq(Mux(read_byte, shown.data[:8],
                                              shown.data[8:KNOT_BITS]))

        # Clocks 1 to 3: both ends of the segment. 4, 5: their distance, and the share of it.
        # 6 to 8: the point, as int8.
        address, following = (Signal(range(KNOTS), name=name, reset_less=True)
                              for name in ("address", "following"))
        with m.If(moves[0]):
            m.d.sync += [address.eq(self.segment), following.eq(self.segment + 1)]
        m.d.comb += [here.addr.eq(address), here.en.eq(moves[1]),
                     there.addr.eq(following), there.en.eq(moves[1])]
        words, checks = [], [WordCheck(code), WordCheck(code)]
        m.submodules += checks
        for name, read, check in zip(("start", "end"), (here, there), checks, strict=True):
            word = Signal(code.word_bits, name=name, reset_less=True)
            with m.If(moves[2]):
                m.d.sync += word.eq(read.data)
            m.d.comb += [check.word.eq(word), check.read.eq(moves[3])]
            words.append(word[:KNOT_BITS].as_signed())
        start, end = words
        gather(m, self.memory, *(check.health for check in checks))
        rise = Signal(signed(KNOT_BITS + 1), reset_less=True)
        with m.If(moves[3]):
            m.d.sync += rise.eq(end - start)
        product = Signal(signed(KNOT_BITS + 1 + FRACTION_BITS), reset_less=True)
        fraction = delayed(m, self.fraction, 4, name="fraction")
        with m.If(moves[4]):
            m.d.sync += product.eq(rise * fraction)
        half = 1 << FRACTION_BITS - 1
        point = Signal(signed(KNOT_BITS + 1), reset_less=True)
        base = delayed(m, start, 2, name="base")
        with m.If(moves[5]):
            m.d.sync += point.eq(base + ((product + half) >> FRACTION_BITS))
        rounded = Signal(signed(KNOT_BITS + 2 - FRACTION_BITS), reset_less=True)
        with m.If(moves[6]):
            m.d.sync += rounded.eq((point + half) >> FRACTION_BITS)
        with m.If(moves[7]):
            m.d.sync += self.code.eq(Mux(rounded > 127, 127, rounded))
        return m
