# SPDX-License-Identifier: Apache-2.0
"""Nothing that a host writes can make a frame that the readout cannot take."""

from collections.abc import Sequence

from amaranth import *
from amaranth.hdl import ValueLike
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..registers.ccs import CCS_DATA_FORMATS, CCS_ODD_INCREMENTS
from ..registers.context_registers import SECOND
from ..registers.definition import Register
from ..registers.layout import RegisterLayout
from .contexts import context_bits, context_fields
from .frame_settings import DataFormat, FrameSettings
from .pin_settings import PinSettings
from .settings_steps import LimitSignals, Rule, settings_steps

__all__ = ["STEP_CYCLES", "SettingsGuard"]

STEP_CYCLES = 7
"""One register: memory (3), byte lane and limits, compare, limit, write; its address leaves with
the write of the one before."""


class SettingsGuard(wiring.Component):
    """Brings all registers of a frame into their limits, one after the other, on one comparator.

    It begins when ``changed`` is seen, and from the beginning when it is seen again meanwhile; a
    burst of writes is thus taken over as a whole. While ``hold`` is high, it does not begin, and a
    ``changed`` under hold abandons a pass under way: what it had seen waits for the release too.
    Where contexts alternate, the second one is worked out first, in a pass like that of the first.
    A pass works on ``settings`` themselves: they are not ``whole`` then. All other outputs change
    together in one cycle, ``latency_cycles`` after the last write; from it on they are whole.

    Parameters
    ----------
    registers : sequence of Register
        The table of the bank whose memory it reads.

    Members
    -------
    changed : In(1), hold : In(1)
    busy : In(1)
        The bank is being reset; a pass begins when it has ended.
    word_address : Out, word : In(32)
        Read port of the bank.
    settings : Out(FrameSettings), whole : Out(1)
        Legal while ``whole``, which they are in the first cycle. An abandoned pass leaves them as
        they are until the next one ends.
    second : Out(context_bits), alternate : Out(1)
        `context_fields` of the second context, and whether frames take it in turns.
    pins : Out(PinSettings)
    columns_read, rows_read : Out(14), Out(13)
        Size of the frame of the first context that ``settings`` give.
    pending : Out(1)
        What the host has written is not in ``settings`` yet.
    """

    def __init__(self, config: DieConfig, registers: Sequence[Register]):
        self.config, self.registers = config, {r.name: r for r in registers}
        self.layout = RegisterLayout(registers)
        defaults = FrameSettings.defaults(config)
        super().__init__({
            "changed": In(1), "hold": In(1), "busy": In(1),
            "word_address": Out(range(self.layout.words)), "word": In(32),
            "settings": Out(FrameSettings(config), init=defaults), "whole": Out(1, init=1),
            "second": Out(context_bits(config)), "alternate": Out(1),
            "pins": Out(PinSettings),
            "columns_read": Out(14, init=config.array.columns),
            "rows_read": Out(13, init=config.array.rows),
            "pending": Out(1),
        })
        self._work_pins = Signal(PinSettings)
        self._limits = LimitSignals()
        self.steps = settings_steps(config, self.settings, self._work_pins, self._limits)
        self._moving = [limit for step in self.steps for limit in (step.low, step.high)
                        if not isinstance(limit, int)]

    @property
    def latency_cycles(self) -> int:
        """From ``changed`` until the outputs have the new settings, of one context."""
        return STEP_CYCLES * len(self.steps) + 3

    @property
    def alternating_latency_cycles(self) -> int:
        """The same of two contexts."""
        return self.latency_cycles + STEP_CYCLES * len(self.steps) + 1

    def elaborate(self, platform):
        m = Module()
        steps = self.steps
        self._limits.elaborate(m, self.config, self.settings)

        dirty, finish = Signal(init=1), Signal()
        # The pass is one of the second context; that ends, and its result waits.
        is_second, turn = Signal(), Signal()
        waiting = Signal(context_bits(self.config), reset_less=True)
        step, phase = Signal(range(len(steps))), Signal(STEP_CYCLES)
        # The step whose register is fetched is one ahead in the last phase, in which one writes.
        written_step = Signal.like(step)
        clamped = Signal()
        m.d.comb += self.pending.eq(dirty | phase.any() | turn | finish)
        m.d.sync += [phase.eq(phase.rotate_left(1)), finish.eq(0), turn.eq(0),
                     written_step.eq(step)]
        with m.If(phase[-2]):
            m.d.sync += step.eq(Mux(step == len(steps) - 1, 0, step + 1))
        with m.If(phase[-1] & (written_step == len(steps) - 1)):
            m.d.sync += [phase.eq(0), finish.eq(~is_second), turn.eq(is_second)]
        # Known behind the first step: no second context, no pass for it.
        with m.If(phase[0] & ~self._limits.alternate):
            with m.If(step == 1):
                m.d.sync += is_second.eq(0)
        with m.If(turn):
            m.d.sync += [waiting.eq(Cat(context_fields(self.config, self.settings))),
                         is_second.eq(0), phase.eq(1)]
        with m.If(finish & ~self.changed & ~self.busy):
            m.d.sync += [self.whole.eq(1), self.pins.eq(self._work_pins),
                         self.second.eq(waiting), self.alternate.eq(self._limits.alternate),
                         self.columns_read.eq(self._limits.columns_read),
                         self.rows_read.eq(self._limits.rows_read),
                         self.settings.clamped.eq(clamped)]
        with m.If(self.changed | self.busy):
            m.d.sync += [dirty.eq(1), step.eq(0), phase.eq(0), finish.eq(0), turn.eq(0)]
        with m.Elif(dirty & ~self.hold):
            m.d.sync += [dirty.eq(0), phase.eq(1), clamped.eq(0), is_second.eq(1),
                         self.whole.eq(0)]

        # Phases 0 to 3: the register, and the limits that earlier steps have left --------------
        program = self._program()
        m.submodules.program = program
        read = program.read_port()
        entry = read.data
        low, high, raw = Signal(16), Signal(16), Signal(16, reset_less=True)
        m.d.comb += [read.addr.eq(Cat(step, is_second)), self.word_address.eq(entry.word_address)]
        for limit, constant, source in ((low, entry.low, entry.low_from),
                                        (high, entry.high, entry.high_from)):
            with m.Switch(source):
                for number, moving in enumerate(self._moving):
                    with m.Case(number):
                        m.d.sync += limit.eq(moving)
                with m.Default():
                    m.d.sync += limit.eq(constant)
        half, byte, is_byte, rule = entry.half, entry.byte, entry.is_byte, entry.rule
        chosen = self.word.word_select(half, 16)
        with m.If(phase[3]):
            m.d.sync += raw.eq(Mux(is_byte, chosen.word_select(byte, 8), chosen))

        # Phases 4 and 5: compare, then limit ----------------------------------------------------
        below, above = Signal(), Signal()
        skip, skip_is_exact = self._match_increment(raw)
        data_format, format_is_known = self._match_format(raw)
        code, code_is_exact = Signal(3), Signal()
        m.d.sync += [
            below.eq(raw < low), above.eq(raw > high),
            code.eq(Mux(rule == Rule.INCREMENT, skip, data_format)),
            code_is_exact.eq(Mux(rule == Rule.INCREMENT, skip_is_exact, format_is_known)),
        ]
        product = Signal(32, reset_less=True)
        m.d.sync += product.eq(raw * self._limits.global_gain)
        value, differs = Signal(16, reset_less=True), Signal()
        limited = Mux(below, low, Mux(above, high, raw))
        with m.Switch(rule):
            with m.Case(Rule.CLAMP):
                m.d.sync += [value.eq(limited), differs.eq(below | above)]
            with m.Case(Rule.EVEN):
                m.d.sync += [value.eq(limited & 0xFFFE), differs.eq(below | above | raw[0])]
            with m.Case(Rule.ODD):
                m.d.sync += [value.eq(limited | 1), differs.eq(below | above | ~raw[0])]
            with m.Case(Rule.CUT):
                m.d.sync += [value.eq(limited), differs.eq(0)]
            with m.Case(Rule.GAIN):
                overflows = product[24:].any()
                m.d.sync += [value.eq(Mux(overflows, ~0, product[8:24])), differs.eq(overflows)]
            with m.Default():
                m.d.sync += [value.eq(code), differs.eq(~code_is_exact)]

        # Phase 6: write -------------------------------------------------------------------------
        with m.If(phase[6]):
            with m.If(differs):
                m.d.sync += clamped.eq(1)
            with m.Switch(written_step):
                for index, item in enumerate(steps):
                    with m.Case(index):
                        m.d.sync += [target.eq(value) for target in item.targets]
        return m

    def _program(self) -> memory.Memory:
        """By step, and once more for the second context: which register, and how to limit it."""
        steps_bits = len(Signal(range(len(self.steps))))
        layout = data.StructLayout({
            "word_address": range(self.layout.words), "half": 1, "byte": 1, "is_byte": 1,
            "rule": len(Signal(Rule)), "low": 16, "high": 16,
            "low_from": range(len(self._moving) + 1), "high_from": range(len(self._moving) + 1)})
        entries: list[dict[str, int]] = [{}] * (2 << steps_bits)
        places = iter(range(len(self._moving)))

        def limit(name: str, value: ValueLike) -> dict[str, int]:
            if isinstance(value, int):
                return {name: value, f"{name}_from": len(self._moving)}
            return {f"{name}_from": next(places)}

        for index, item in enumerate(self.steps):
            limits = limit("low", item.low) | limit("high", item.high)
            for second, prefix in enumerate(("", SECOND)):
                register = self.registers.get(prefix + item.register,
                                              self.registers[item.register])
                shift = self.layout.shift_of(register)
                entries[second << steps_bits | index] = limits | {
                    "word_address": self.layout.word_of(register), "half": shift // 16,
                    "byte": shift // 8 % 2, "is_byte": register.width_bytes == 1,
                    "rule": item.rule}
        return memory.Memory(shape=layout, depth=len(entries), init=entries)

    @staticmethod
    def _match_increment(raw: Value) -> tuple[Value, Value]:
        skip = (raw >= CCS_ODD_INCREMENTS[1]) + (raw >= CCS_ODD_INCREMENTS[2])
        exact = Cat(raw == increment for increment in CCS_ODD_INCREMENTS).any()
        return skip, exact

    @staticmethod
    def _match_format(raw: Value) -> tuple[Value, Value]:
        matches = [raw == code for code in CCS_DATA_FORMATS]
        code = Const(0, 3)
        for index, match in enumerate(matches):
            code = code | Mux(match, index, 0)
        known = Cat(*matches).any()
        return Mux(known, code, DataFormat.RAW12.value), known
