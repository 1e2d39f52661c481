# SPDX-License-Identifier: Apache-2.0
"""Sees from a clock of its own that the other clocks run and that pictures get on."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..stream.held_crossing import HeldCrossing
from .heartbeat import BEAT_CYCLES, BeatWatch, Heartbeat

__all__ = ["FRAME_MARGIN_LINES", "LINE_MARGIN_CYCLES", "Watchdog"]

LINE_MARGIN_CYCLES = 32
"""Of the watchdog's clock: what crosses late."""
FRAME_MARGIN_LINES = 16
_MISSED_BEATS = 4
"""A clock may be as much slower than it should be."""


class _Lengths(data.Struct):
    """Of the frame that was planned last, in clocks of ``sync`` and in lines."""

    line_cycles: 16
    frame_lines: 16


class Watchdog(wiring.Component):
    """Signs of life of ``sync``, ``counter_domain``, ``byte_domain``, of lines and of frames.

    ::

        heartbeats of three clocks ─┐
        a change a line, a frame ───┼─► BeatWatch x 5 ─► causes ─┬─► alarm, in safety_domain
        lengths of line and frame ──┘   (safety_domain)          └─► raised, in sync

    Nothing that the dead clock moves is needed for ``alarm``: it may go to a pin. It stays until
    ``sync`` has seen it and its cause is gone.

    Limits follow the settings: a line may take as many clocks of the watchdog as it has of
    ``sync``, which is longer as its clock is slower, and `LINE_MARGIN_CYCLES` more. A frame may
    take two frame lengths, a whole array of rows and the longest lag: that is the longest wait of
    `FramePlanner`.

    Parameters
    ----------
    config : DieConfig
    counter_domain, byte_domain : str
        Further clocks to watch.
    safety_domain : str
        The watchdog's own clock, asynchronous to all others, of ``config.safety_clock_hz``.

    Members
    -------
    counter_clock_request : In(1)
        In ``sync``: while low, the clock of ``counter_domain`` may stand still.
    busy : In(1), free_running : In(1)
        In ``sync``: lines run; frames follow each other by themselves.
    line_start, frame_start : In(1)
        Strobes in ``sync``.
    adopt : In(1), line_length_cycles, frame_length_lines : In(16)
        Of `Readout`: the frame that is planned.
    armed : In(1)
        In ``sync``: ``alarm`` may rise.
    inject : In(1)
        In ``sync``: all heartbeats stop.
    raised : Out(1)
        In ``sync``: a level.
    alarm : Out(1)
        In ``safety_domain``.
    """

    def __init__(self, config: DieConfig, *, counter_domain: str = "adc",
                 byte_domain: str = "byte", safety_domain: str = "safety"):
        self.config, self.safety_domain = config, safety_domain
        self.clocks = ("sync", counter_domain, byte_domain)
        super().__init__({
            "counter_clock_request": In(1),
            "busy": In(1), "free_running": In(1), "line_start": In(1), "frame_start": In(1),
            "adopt": In(1), "line_length_cycles": In(16), "frame_length_lines": In(16),
            "armed": In(1), "inject": In(1), "raised": Out(1), "alarm": Out(1),
        })

    def beat_limit_cycles(self, clock_hz: float) -> int:
        """Clocks of the watchdog in which a clock of this frequency must have shown itself."""
        beat = BEAT_CYCLES * self.config.safety_clock_hz / clock_hz
        return int(_MISSED_BEATS * beat) + _MISSED_BEATS

    def elaborate(self, platform):
        m = Module()
        config, safety = self.config, m.d[self.safety_domain]
        in_safety_domain = DomainRenamer(self.safety_domain)

        def across(name: str, value: Value) -> Signal:
            level = Signal(name=f"{name}_seen")
            m.submodules[name] = FFSynchronizer(value, level, o_domain=self.safety_domain)
            return level

        def watch(name: str, beat: Value, limit_bits: int) -> BeatWatch:
            made = BeatWatch(limit_bits)
            m.submodules[f"watch_{name}"] = in_safety_domain(made)
            m.d.comb += made.beat.eq(beat)
            return made

        # Clocks
        frequencies = (config.sync_clock_hz, config.adc_clock_hz, config.csi2.byte_clock_hz)
        watches = []
        for domain, clock_hz in zip(self.clocks, frequencies, strict=True):
            heart, limit = Heartbeat(), self.beat_limit_cycles(clock_hz)
            m.submodules[f"heart_{domain}"] = DomainRenamer(domain)(heart)
            made = watch(domain, heart.beat, limit.bit_length())
            m.d.comb += [heart.stop.eq(self.inject), made.limit.eq(limit), made.watch.eq(1)]
            watches.append(made)
        # A register: what is asked for elsewhere in the same clock must not glitch across.
        requested = Signal()
        m.d.sync += requested.eq(self.counter_clock_request)
        m.d.comb += watches[1].watch.eq(across("request", requested))

        # Lines and frames
        toggles, levels = Signal(2), Signal(2)
        m.d.sync += [toggles.eq(toggles ^ Cat(self.line_start, self.frame_start)),
                     levels.eq(Cat(self.busy, self.busy & self.free_running))]
        m.submodules.lengths = lengths = HeldCrossing(
            _Lengths, i_domain="sync", o_domain=self.safety_domain,
            init={"line_cycles": 0xFFFF, "frame_lines": 0xFFFF})
        planned = Signal(_Lengths, init={"line_cycles": 0xFFFF, "frame_lines": 0xFFFF})
        with m.If(self.adopt):
            m.d.sync += [planned.line_cycles.eq(self.line_length_cycles),
                         planned.frame_lines.eq(self.frame_length_lines)]
        m.d.comb += lengths.i.eq(planned)
        lines, frames = watch("lines", toggles[0], 17), watch("frames", toggles[1], 18)
        longest_wait = (config.array.total_rows + config.hdr.line_buffer_lag_lines
                        + FRAME_MARGIN_LINES)
        safety += [lines.limit.eq(lengths.o.line_cycles + LINE_MARGIN_CYCLES),
                   frames.limit.eq((lengths.o.frame_lines << 1) + longest_wait)]
        m.d.comb += [
            lines.watch.eq(across("busy", levels[0])),
            frames.watch.eq(across("free_running", levels[1])), frames.tick.eq(lines.changed),
        ]
        watches += [lines, frames]

        # To the pin, and to sync and back.
        missing, alarm, shown, seen = Signal(), Signal(), Signal(), Signal()
        armed = across("armed", self.armed)
        m.submodules.alarm = FFSynchronizer(alarm, shown)
        m.submodules.seen = FFSynchronizer(shown, seen, o_domain=self.safety_domain)
        m.d.comb += [missing.eq(Cat(each.missing for each in watches).any()),
                     self.raised.eq(shown)]
        safety += [alarm.eq(missing | (alarm & ~seen)), self.alarm.eq(alarm & armed)]
        return m
