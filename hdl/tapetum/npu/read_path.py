# SPDX-License-Identifier: Apache-2.0
"""From steps to vectors: addresses, banks, edges of the map, windows."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed
from .activations import BANKS
from .cell import Cell
from .npu_config import NpuConfig
from .program import LANES, Mode
from .step import ReadStep, RowCommand, StepToken

__all__ = ["KernelRow", "ReadPath"]

_WINDOW = 3


class KernelRow(data.Struct):
    """Where a row of the kernel begins, for one command."""

    base: 13
    bank: 2
    outside: 1


class ReadPath(wiring.Component):
    """Turns each step into the vector that enters cell 0.

    ::

        step ─► base of the row ─► + word ─► memory ─► bank, or zero point ─┬─────────► vector
                (row of the kernel,                    (outside the map)    ├► columns
                 or the three of a window)                                  └► window ─► vector
                                                              (kernel row: 3 columns x 3 channels)

    Latency `latency_cycles` from ``step`` to ``token``; one step per clock.

    Members
    -------
    step_valid, step : In(1), In(ReadStep)
    command : In(RowCommand)
        That ``step`` belongs to.
    kernel_row : In(KernelRow)
        Of the step, in the same clock.
    addresses, words, reads : to and from `Activations`
    token, weight, vector, columns : Out
        For `Chain`, the weight `Cell.weight_lead_cycles` before its token.
    residual_valid, residual_word : Out(1), Out(a byte per cell)
        What a residual step read.
    word : Out(64)
        Where it read it, `word_cycles` after ``step``: all of its word.
    """

    latency_cycles = 7
    word_cycles = 5

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "step_valid": In(1), "step": In(ReadStep(config)),
            "command": In(RowCommand),
            "kernel_row": In(KernelRow),
            "addresses": Out(data.ArrayLayout(range(config.activation_words), BANKS)),
            "words": In(data.ArrayLayout(64, BANKS)), "reads": Out(BANKS),
            "token": Out(StepToken(config)), "weight": Out(range(config.weight_words)),
            "vector": Out(data.ArrayLayout(signed(8), LANES)),
            "columns": Out(data.ArrayLayout(data.ArrayLayout(signed(8), config.cells), _WINDOW)),
            "residual_valid": Out(1), "residual_word": Out(8 * config.cells), "word": Out(64),
        })

    def elaborate(self, platform):
        m = Module()
        step, command = self.step, self.command
        channels = command.layer.mode == Mode.CHANNELS

        # First clock: where rows begin, and whether the map ends.
        base = Signal(data.ArrayLayout(13, BANKS), reset_less=True)
        bank, outside = Signal(2, reset_less=True), Signal(_WINDOW, reset_less=True)
        beyond = (step.column < 0) | (step.column >= command.layer.in_width)
        one_base, one_bank, one_outside = (Signal.like(field, name=name) for field, name in (
            (self.kernel_row.base, "one_base"), (self.kernel_row.bank, "one_bank"),
            (self.kernel_row.outside, "one_outside")))
        m.d.comb += [
            one_base.eq(Mux(step.residual, command.residual_base, self.kernel_row.base)),
            one_bank.eq(Mux(step.residual, command.residual_bank, self.kernel_row.bank)),
            one_outside.eq(~step.residual & (self.kernel_row.outside | beyond)),
        ]
        m.d.sync += [
            bank.eq(Mux(channels, one_bank, command.window_bank)),
            outside.eq(Mux(channels, one_outside, command.window_outside | beyond.replicate(3))),
            *(base[number].eq(Mux(channels, one_base, command.window_bases[number]))
              for number in range(BANKS)),
        ]
        # Second: addresses, and what is read there. Third and fourth: the memory.
        valid, alone = Signal(), Signal(reset_less=True)
        m.d.sync += [valid.eq(self.step_valid), alone.eq(channels)]
        rows_read = [((bank + number)[:2], ~outside[number] & ~(alone & (number > 0)))
                     for number in range(_WINDOW)]
        m.d.comb += self.reads.eq(delayed(m, Cat(
            valid & Cat((row_bank == number) & inside for row_bank, inside in rows_read).any()
            for number in range(BANKS)), 3, name="reads", reset_less=False))
        word = delayed(m, step.word, 1, name="word")
        for number in range(BANKS):
            m.d.sync += self.addresses[number].eq(base[number] + word)
        bank, outside = delayed(m, bank, 2, name="bank"), delayed(m, outside, 2, name="outside")
        token = Signal.like(step.token, name="taken")
        m.d.comb += token.eq(step.token)
        for flag in (token.valid, token.move):
            with m.If(~self.step_valid):
                m.d.comb += flag.eq(0)
        tokens = delayed(m, token, 6, name="token", reset_less=False)
        layer = command.layer
        zero_point = delayed(m, layer.zero_point_in, 3, name="zero_point").as_unsigned()
        mode = delayed(m, Value.cast(layer.mode), 5, name="mode")

        # Fifth: the words of up to three rows, or the zero point.
        words = [self.words[number] for number in range(BANKS)]
        rows = Signal(data.ArrayLayout(64, _WINDOW), reset_less=True)
        for number in range(_WINDOW):
            m.d.sync += rows[number].eq(_chosen(m, f"row_{number}", words, bank + number,
                                                outside[number], zero_point))

        # Sixth: windows of a kernel row, ``waiting`` the next one.
        push, load = (delayed(m, self.step_valid & flag, 5, name=name, reset_less=False)
                      for flag, name in ((step.push, "push"), (step.load, "load")))
        pixels = data.ArrayLayout(data.ArrayLayout(24, _WINDOW), _WINDOW)
        waiting = Signal(pixels, reset_less=True)
        window = Signal(pixels, reset_less=True)
        for number in range(_WINDOW):
            with m.If(push):
                m.d.sync += Value.cast(waiting[number]).eq(
                    Cat(waiting[number][1], waiting[number][2], rows[number][:24]))
            with m.If(load):
                m.d.sync += window[number].eq(waiting[number])
        rows_late = delayed(m, rows, 1, name="rows_late")
        row = delayed(m, step.row[:2], 5, name="row")

        # Seventh: the vector.
        sources = [*window, Cat(rows_late[0], C(0, 8))]
        m.d.sync += Value.cast(self.vector).eq(_chosen(
            m, "vector", sources, Mux(mode == Mode.CHANNELS.value, _WINDOW, row),
            mode == Mode.DEPTHWISE.value, delayed(m, zero_point, 2, name="zero_point_late")))
        part, bits = delayed(m, step.part, 5, name="part"), 8 * self.config.cells
        late_part = delayed(m, part, 1, name="late_part")
        m.d.sync += [self.token.eq(tokens), Value.cast(self.columns).eq(
            Cat(self._part(words, late_part, bits) for words in rows_late))]
        m.d.comb += self.weight.eq(delayed(
            m, step.weight, self.latency_cycles - Cell.weight_lead_cycles, name="weight"))
        residual = delayed(m, self.step_valid & step.residual, 5, name="residual",
                           reset_less=False)
        m.d.comb += [self.residual_valid.eq(residual), self.word.eq(rows[0]),
                     self.residual_word.eq(self._part(rows[0], part, bits))]
        return m

    def _part(self, word: Value, part: Value, bits: int) -> Value:
        return word if self.config.parts == 1 else word.word_select(part, bits)


def _chosen(m: Module, name: str, sources: list, which: Value, none: Value, byte: Value) -> Value:
    """One of four words, `which` and the others told a clock before, or a byte everywhere.

    In two tables of four inputs a bit, and the multiplexer behind them.
    """
    upper, fixed, levels = (Signal(bits, name=f"{name}_{kind}", reset_less=True)
                            for kind, bits in (("upper", 1), ("fixed", 1), ("levels", 8)))
    m.d.sync += [upper.eq(which[1]), fixed.eq(none),
                 levels.eq(Mux(none, byte, which[0].replicate(8)))]
    width = max(len(Value.cast(source)) for source in sources)
    level = levels.replicate(-(-width // 8))[:width]
    words = [Value.cast(source) for source in sources]
    pairs = [Mux(fixed, level, (level & second) | (~level & first)) for first, second in (
        words[:2], words[2:])]
    return Mux(upper, pairs[1], pairs[0])
