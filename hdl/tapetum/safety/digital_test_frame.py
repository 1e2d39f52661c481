# SPDX-License-Identifier: Apache-2.0
"""Sends pixels that it knows through the combination, and looks at what comes to the link."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import KnownPixels, corrected_bits

__all__ = ["BEATS", "POLYNOMIAL", "QUIET_CYCLES", "SEED", "SHIFTS", "SIGNATURE_BITS",
           "DigitalTestFrame"]

BEATS = 256
"""Of a test frame."""
QUIET_CYCLES = 128
"""Longer than a row's last beat takes from the combination to the link."""
SEED = 0x2545F491
SHIFTS = (13, -17, 5)
"""G. Marsaglia, "Xorshift RNGs", J. Stat. Softw. 8 (2003): to the left, to the right, to the left;
all 2**32 - 1 numbers but zero follow each other."""
SIGNATURE_BITS = 32
POLYNOMIAL = 0x04C11DB7
"""Of CRC-32; the state moves one place per beat."""
_AGREES = 31
"""Bit of the noise: the captures of this beat see the same light."""


class DigitalTestFrame(wiring.Component):
    """A signature of noise that is combined, companded and selected like a picture.

    ::

        noise ─► Combine ─┬─► Compander ─► OutputSelector ─► values ─┐
                          └─► marks ──────────────────────────────► signature = the first one?

    Behind the last row of each frame, as soon as nothing has passed for `QUIET_CYCLES`, `BEATS`
    beats are sent with settings that are always the same (`fixed_settings`). Pixels have
    precedence: when a row comes the test is given up, and begun anew when it is quiet again.
    The signature of the first whole test after a reset is what all others must have.

    Parameters
    ----------
    config : DieConfig
    marks_latency_cycles, values_latency_cycles : int
        From ``pixels`` to ``marks`` and to ``values``.

    Members
    -------
    frame_end : In(1)
        Strobe: the last beat of a frame has been combined.
    busy : In(1)
        Pixels enter the combination, or the link.
    pixels : Out(KnownPixels), valid : Out(1)
        They count in this clock, unless there are others.
    marks : In(2 per lane)
        Flicker and clipping.
    values : In(24 per lane)
        What the link would be given.
    inject : In(1)
        The lowest bit of all codes is sent inverted, in one test after the other.
    raised : Out(1)
        Pulse: the signature differed, 2 clocks behind the last value.
    found : Out(32), known : Out(1)
        Signature of the last whole test without injection; there has been one.
    """

    def __init__(self, config: DieConfig, *, marks_latency_cycles: int,
                 values_latency_cycles: int):
        self.config = config
        self.marks_latency_cycles = marks_latency_cycles
        self.values_latency_cycles = values_latency_cycles
        super().__init__({
            "frame_end": In(1), "busy": In(1),
            "pixels": Out(KnownPixels(len(config.captures), config.lanes,
                                      corrected_bits(config))), "valid": Out(1),
            "marks": In(2 * config.lanes),
            "values": In(data.ArrayLayout(24, config.lanes)),
            "inject": In(1), "raised": Out(1),
            "found": Out(SIGNATURE_BITS), "known": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        quiet, due = Signal(range(QUIET_CYCLES)), Signal(init=1)
        with m.If(self.busy):
            m.d.sync += quiet.eq(0)
        with m.Elif(~quiet.all()):
            m.d.sync += quiet.eq(quiet + 1)

        last = self.values_latency_cycles + BEATS - 1
        clock, injected, compares = Signal(range(last + 1)), Signal(), Signal()
        begins = Signal()
        m.d.sync += compares.eq(0)
        with m.FSM() as fsm:
            with m.State("idle"):
                m.d.comb += begins.eq((due | self.inject) & quiet.all() & ~self.busy & ~compares)
                with m.If(begins):
                    m.d.sync += [clock.eq(0), injected.eq(self.inject & self.known)]
                    m.next = "run"
            with m.State("run"):
                m.d.sync += clock.eq(clock + 1)
                with m.If(self.busy | (injected & ~self.inject)):
                    m.next = "idle"
                with m.Elif(clock == last):
                    m.d.sync += [compares.eq(1), due.eq(0)]
                    m.next = "idle"
        with m.If(self.frame_end):
            m.d.sync += due.eq(1)

        def window(latency_cycles: int) -> Value:
            return (fsm.ongoing("run") & (clock >= latency_cycles)
                    & (clock < latency_cycles + BEATS))

        m.d.comb += self.valid.eq(window(0))
        self._send(m, begins, injected)
        self._compare(m, begins, compares, injected,
                      Mux(window(self.values_latency_cycles), self.values.as_value(), 0),
                      Mux(window(self.marks_latency_cycles), self.marks, 0))
        return m

    def _send(self, m: Module, begins: Value, injected: Value) -> None:
        """A lane's captures show the same bits of the noise, or other ones."""
        config, captures = self.config, len(self.config.captures)
        state = Signal(32, reset_less=True)
        following = state
        for shift in SHIFTS:
            following = following ^ (following << shift if shift > 0 else following >> -shift)[:32]
        with m.If(begins):
            m.d.sync += state.eq(SEED)
        with m.Else():
            m.d.sync += state.eq(following)
        for capture in range(captures):
            m.d.comb += self.pixels.present[capture].eq(
                1 if capture == captures - 1 else state.rotate_right(3 * capture)[:4].any())
            for lane in range(config.lanes):
                turned = state.rotate_right(7 * lane)
                m.d.comb += self.pixels.codes[capture][lane].eq(
                    Mux(state[_AGREES], turned, turned.rotate_right(5 * capture)) ^ injected)

    def _compare(self, m: Module, begins: Value, compares: Value, injected: Value,
                 values: Value, marks: Value) -> None:
        state, first = Signal(SIGNATURE_BITS, reset_less=True), Signal(SIGNATURE_BITS)
        told = Cat(C(0, SIGNATURE_BITS - len(marks)), marks)
        for lane in range(self.config.lanes):
            told = told ^ Cat(values.word_select(lane, 24), C(0, 8)).rotate_left(8 * lane)
        with m.If(begins):
            m.d.sync += state.eq(0)
        with m.Else():
            m.d.sync += state.eq(
                (state << 1)[:SIGNATURE_BITS] ^ Mux(state[-1], POLYNOMIAL, 0) ^ told)
        m.d.sync += self.raised.eq(compares & self.known & (state != first))
        with m.If(compares & ~injected):
            m.d.sync += [self.found.eq(state), self.known.eq(1)]
            with m.If(~self.known):
                m.d.sync += first.eq(state)
