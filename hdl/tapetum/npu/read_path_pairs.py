# SPDX-License-Identifier: Apache-2.0
"""From steps to the vectors of two pixels."""

from functools import reduce
from itertools import product
from operator import or_

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed
from .activations import BANKS
from .cell import Cell
from .npu_config import NpuConfig
from .program import LANES, Mode
from .read_path import KernelRow, ReadPath
from .step import ReadStep, RowCommand, StepToken

__all__ = ["PairReadPath"]

_ROWS = 3
_COLUMNS = 4
_PIXELS = 2
_WHOLE_MAP = tuple(product(range(_ROWS), range(3)))
"""Rows and columns of its pixels, in the order in which steps take them."""


class PairReadPath(wiring.Component):
    """Turns each step into the vectors of two neighbours; `ReadPath` for two pixels.

    ::

        columns     c  c+1  c+2  c+3      of up to three rows, from wherever c lies:
                                          column x is in memory x mod 4 of its row's bank
        channels    0   s                 pixels 0 and 1, stride s
        window      0──────0              stride 1, three rows
                        1──────1
                0───┬──────0              stride 2; the column before c is that of the step before
                        1──────1
        kernel row  two columns a step into a window of six, the newest at its end
        whole map   three rows of three, of which each step takes the next two pixels

    Members: see `ReadPath`. Of the bank that the residual's row is in nothing else is read when a
    step reads an addend.

    Members
    -------
    vectors, windows : Out
        For `Chain`.
    residual_words : Out(2 of a byte per cell)
    word : Out(64)
        Of a residual step, what its first pixel read.
    """

    latency_cycles = ReadPath.latency_cycles
    word_cycles = ReadPath.word_cycles

    def __init__(self, config: NpuConfig):
        self.config = config
        address = range(config.activation_words // config.bank_columns)
        bytes_ = data.ArrayLayout(signed(8), config.cells)
        super().__init__({
            "step_valid": In(1), "step": In(ReadStep(config)),
            "command": In(RowCommand),
            "kernel_row": In(KernelRow),
            "addresses": Out(data.ArrayLayout(data.ArrayLayout(address, _COLUMNS), BANKS)),
            "words": In(data.ArrayLayout(data.ArrayLayout(64, _COLUMNS), BANKS)),
            "reads": Out(data.ArrayLayout(_COLUMNS, BANKS)),
            "token": Out(StepToken(config)), "weight": Out(range(config.weight_words)),
            "vectors": Out(data.ArrayLayout(data.ArrayLayout(signed(8), LANES), _PIXELS)),
            "windows": Out(data.ArrayLayout(data.ArrayLayout(bytes_, LANES), _PIXELS)),
            "residual_valid": Out(1),
            "residual_words": Out(data.ArrayLayout(8 * config.cells, _PIXELS)),
            "word": Out(64),
        })

    def elaborate(self, platform):
        m = Module()
        step, command, layer = self.step, self.command, self.command.layer
        channels = layer.mode == Mode.CHANNELS
        mode = delayed(m, Value.cast(layer.mode), 6, name="mode")
        stride = delayed(m, layer.stride_x[:2], 6, name="stride")
        zero_point = delayed(m, layer.zero_point_in, 5, name="zero_point").as_unsigned()
        token = Signal.like(step.token, name="taken")
        m.d.comb += token.eq(step.token)
        for flag in (token.valid, token.move):
            with m.If(~self.step_valid):
                m.d.comb += flag.eq(0)
        tokens = delayed(m, token, 6, name="token", reset_less=False)

        takes_addend = self._addresses(m, channels)

        # Third and fourth clock: the memory. Fifth: the rows, each memory by itself.
        bank = delayed(m, self._row_bank, 2, name="bank")
        addend_bank = delayed(m, command.residual_bank, 3, name="addend_bank")
        rows = [self._row(m, f"row_{number}", bank + number) for number in range(_ROWS)]
        addends = self._row(m, "addends", addend_bank)
        half = delayed(m, step.residual_half, 5, name="half")
        for pixel in range(_PIXELS):
            m.d.sync += self.residual_words[pixel].eq(
                Mux(half, addends[2 + pixel], addends[pixel]))
        m.d.comb += [
            self.word.eq(addends[0]),
            self.residual_valid.eq(delayed(m, takes_addend, 6, name="residual",
                                           reset_less=False)),
        ]

        # Sixth: columns in their order, or the zero point.
        column = delayed(m, step.column[:2], 4, name="column")
        outside, beyond = (delayed(m, value, 3, name=name) for value, name in (
            (self._outside, "outside"), (self._beyond, "beyond")))
        ordered = Signal(data.ArrayLayout(data.ArrayLayout(64, _COLUMNS), _ROWS))
        for number in range(_ROWS):
            for place in range(_COLUMNS):
                hidden = outside[number] | beyond[place]
                chosen = [Signal(name=f"chosen_{number}_{place}_{source}")
                          for source in range(_COLUMNS + 1)]
                m.d.sync += [chosen[source].eq((column == (source - place) % _COLUMNS) & ~hidden)
                             for source in range(_COLUMNS)]
                m.d.sync += chosen[_COLUMNS].eq(hidden)
                m.d.comb += ordered[number][place].eq(reduce(or_, (
                    word & bit.replicate(64) for word, bit in
                    zip([*rows[number], zero_point.replicate(8)], chosen, strict=True))))
        there = Signal(ordered.shape(), reset_less=True)
        m.d.sync += there.eq(ordered)
        kernel = self._kernel_windows(m, ordered, stride)

        # Seventh: the vectors.
        row = delayed(m, step.row[:3], 6, name="row")
        with m.If(mode == Mode.KERNEL_ROW.value):
            for pixel in range(_PIXELS):
                m.d.sync += Value.cast(self.vectors[pixel]).eq(kernel[pixel][row[:2]])
        with m.Elif(mode == Mode.WHOLE_MAP.value):
            for pixel in range(_PIXELS):
                words = Array(there[number][column] for number, column in _WHOLE_MAP[pixel::2])
                m.d.sync += Value.cast(self.vectors[pixel]).eq(Cat(words[row], C(0, 8)))
        with m.Else():
            second = there[0].as_value().word_select(stride, 64)
            for pixel, word in enumerate((there[0][0], second)):
                m.d.sync += Value.cast(self.vectors[pixel]).eq(Cat(word, C(0, 8)))
        self._windows(m, there, tokens, stride, delayed(m, zero_point, 1, name="zero_point_late"))
        m.d.sync += self.token.eq(tokens)
        m.d.comb += self.weight.eq(delayed(
            m, step.weight, self.latency_cycles - Cell.weight_lead_cycles, name="weight"))
        return m

    def _addresses(self, m: Module, channels: Value) -> Value:
        """First two clocks. Gives whether the step reads an addend."""
        step, command, layer = self.step, self.command, self.command.layer
        base = Signal(data.ArrayLayout(13, BANKS), reset_less=True)
        self._row_bank, self._outside = Signal(2, reset_less=True), Signal(_ROWS, reset_less=True)
        self._beyond = Signal(_COLUMNS, reset_less=True)

        # Beside the first tap of a vector that lies elsewhere, or instead of one.
        done, takes_addend = Signal(reset_less=True), Signal()
        elsewhere = self.kernel_row.outside | (self.kernel_row.bank != command.residual_bank)
        wants = step.beside & elsewhere & (step.token.first | ~done)
        m.d.comb += takes_addend.eq(step.residual | wants)
        with m.If(self.step_valid):
            m.d.sync += done.eq(wants | (done & ~step.token.first))

        m.d.sync += [
            self._row_bank.eq(Mux(channels, self.kernel_row.bank, command.window_bank)),
            self._outside.eq(Mux(channels, self.kernel_row.outside, command.window_outside)),
        ]
        for place in range(_COLUMNS):
            column = step.column + place
            m.d.sync += self._beyond[place].eq((column < 0) | (column >= layer.in_width))

        # Memory q holds columns q, q + 4 and so on: those before the first one are in the next
        # four.
        words = []
        for place in range(_COLUMNS):
            word = Signal.like(step.word, name=f"word_{place}", reset_less=True)
            m.d.sync += word.eq(step.word + Mux(step.column[:2] > place, layer.pixel_words, 0))
            words.append(word)
        addend_word = delayed(m, step.residual_word, 1, name="addend_word")
        addend_banks = []
        for bank in range(BANKS):
            is_addend = Signal(name=f"is_addend_{bank}", reset_less=True)
            addend_banks.append(is_addend)
            here = takes_addend & (command.residual_bank == bank)
            m.d.sync += [
                is_addend.eq(here),
                base[bank].eq(Mux(here, command.residual_base, Mux(
                    channels, self.kernel_row.base, command.window_bases[bank]))),
            ]
            for place, word in enumerate(words):
                m.d.sync += self.addresses[bank][place].eq(
                    base[bank] + Mux(is_addend, addend_word, word))
        self._reads(m, channels, addend_banks)
        return takes_addend & self.step_valid

    def _reads(self, m: Module, channels: Value, addend_banks: list[Signal]) -> None:
        """Second clock: which words the step needs, by bank and memory."""
        step, layer = self.step, self.command.layer
        valid, alone = Signal(), Signal(reset_less=True)
        column, used = Signal(2, reset_less=True), Signal(_COLUMNS, reset_less=True)
        addends = Signal(_COLUMNS, reset_less=True)
        pair = Cat(C(1, 1), ~layer.out_width[0])  # of an odd width the last pixel has no neighbour
        m.d.sync += [
            valid.eq(self.step_valid), alone.eq(channels), column.eq(step.column),
            used.eq(Mux(step.residual, 0, Mux(
                (layer.mode == Mode.DEPTHWISE) | (layer.mode == Mode.WHOLE_MAP), ~0, Mux(
                    channels, 1 | (1 << layer.stride_x[:2]), 0b11)))),
            addends.eq(Mux(step.residual_half, pair << _PIXELS, pair)),
        ]
        needed = used & ~self._beyond
        turned = Array(needed.rotate_left(places) for places in range(_COLUMNS))[column]
        reads = Signal(data.ArrayLayout(_COLUMNS, BANKS))
        for bank, is_addend in enumerate(addend_banks):
            here = Cat((self._row_bank + number)[:2] == bank for number in range(_ROWS))
            row_read = (here & ~self._outside & Mux(alone, 0b001, 0b111)).any()
            m.d.sync += reads[bank].eq(Mux(is_addend, addends, turned & row_read.replicate(
                _COLUMNS)) & valid.replicate(_COLUMNS))
        m.d.comb += Value.cast(self.reads).eq(
            delayed(m, reads.as_value(), 2, name="reads", reset_less=False))

    def _row(self, m: Module, name: str, bank: Value) -> list[Signal]:
        """What the four memories of a bank have read; `bank` a clock before the words come."""
        read = [Signal(64, name=f"{name}_{place}", reset_less=True) for place in range(_COLUMNS)]
        chosen = [Signal(name=f"{name}_from_{source}") for source in range(BANKS)]
        m.d.sync += [chosen[source].eq(bank[:2] == source) for source in range(BANKS)]
        for place, word in enumerate(read):
            m.d.sync += word.eq(reduce(or_, (
                self.words[source][place] & chosen[source].replicate(64)
                for source in range(BANKS))))
        return read

    def _kernel_windows(self, m: Module, ordered, stride: Value) -> list[Array]:
        """Of each pixel, by row of the kernel: three columns of three channels."""
        push, load = (delayed(m, self.step_valid & flag, 5, name=name, reset_less=False)
                      for flag, name in ((self.step.push, "push"), (self.step.load, "load")))
        pixels = data.ArrayLayout(24, 6)
        kernel: list[list[Value]] = [[], []]
        for number in range(_ROWS):
            waiting = Signal(pixels, name=f"waiting_{number}", reset_less=True)
            window = Signal(pixels, name=f"window_{number}", reset_less=True)
            with m.If(push):
                m.d.sync += Value.cast(waiting).eq(Cat(
                    Value.cast(waiting)[2 * 24:], ordered[number][0][:24], ordered[number][1][:24]))
            with m.If(load):
                m.d.sync += window.eq(waiting)
            firsts = [Cat(window[3 - by + column] for column in range(_ROWS)) for by in (1, 2, 3)]
            kernel[0].append(Array([firsts[0], *firsts])[stride])
            kernel[1].append(Cat(window[3 + column] for column in range(_ROWS)))
        return [Array(rows) for rows in kernel]

    def _windows(self, m: Module, there, tokens, stride: Value, zero_point: Value) -> None:
        """Windows of depthwise steps, one channel a cell."""
        for number in range(_ROWS):
            before = Signal(64, name=f"before_{number}", reset_less=True)
            with m.If(tokens.move):
                m.d.sync += before.eq(there[number][_COLUMNS - 1])
            left = Mux(tokens.clear, zero_point.replicate(8), before)
            columns = [*there[number]]
            apart = stride == 2
            firsts = ([Mux(apart, two, one) for one, two in
                       zip(columns[:3], [left, *columns[:2]], strict=True)],
                      columns[1:4])
            for pixel, own in enumerate(firsts):
                for place, word in enumerate(own):
                    m.d.sync += Value.cast(self.windows[pixel][3 * number + place]).eq(word)
