# SPDX-License-Identifier: Apache-2.0
"""Writes outputs and input rows into the activation memory."""

from itertools import product

from amaranth import *
from amaranth.lib import data, fifo, wiring
from amaranth.lib.wiring import In, Out

from ..memory.block_memory import BlockMemory
from ..stream.delay import delayed
from .activations import BANKS
from .chain import Chain
from .input_rows import InputRows
from .loop import Loop
from .npu_config import NpuConfig
from .program import TENSOR_LAYOUT, Mode
from .step import InputWord, RowCommand

__all__ = ["Writer"]

_INPUT_WORDS = 8
_INPUT_MEMORY_WORDS = 32
"""Enough for a full queue, and for words that have left it and wait to be written."""
_PATIENCE_CYCLES = 63
_MAP_ROWS = 3
_MAP_PIXELS = tuple(product(range(_MAP_ROWS), repeat=2))
_PAIRS = tuple(_MAP_PIXELS[first:first + 2] for first in range(0, len(_MAP_PIXELS), 2))
"""Rows and columns of a whole map's pixels, as they come."""
_DRAIN_CYCLES = 4
"""How much longer a row's command is needed: its last vector still takes clamps from there."""


class Writer(wiring.Component):
    """One word a clock: what the chain delivers, else an input word.

    Outputs of a context are written in the order of its steps. Where the chain delivers in every
    clock and input words pile up for long, ``bubble`` asks for a free one.

    All is decided, and rows are counted, `lead_cycles` before the word is written: who waits for a
    row needs as long from the count to its first read, `Engine`.

    Members
    -------
    running : In(1), restart : In(1)
        Input words that come while it does not run are lost.
    tensor, released_rows, room, overrun
        Of `InputRows`.
    input_valid, input : In, input_ready : Out(1)
    load : In(one bit per context), command : In(RowCommand)
        Begins a row in a context.
    commands : In(a RowCommand for each context)
    word_valid, word_context, words : In
        From `Chain`, the words `lead_cycles` later.
    write_columns, write_turned, write_parts, write_address, write_words : Out
        For `Activations`.
    count, count_tensor, count_rows : Out
        Rows are complete; for the scoreboard.
    drained : Out(one bit per context)
        All of the row of this context has its place, and its clamps; the last words are written
        less than `lead_cycles` later.
    probe_valid : Out(pixels), probe_input : Out(1), probe_tensor : Out(6)
        With each word that is written, which pixels are.
    """

    lead_cycles = Chain.word_lead_cycles

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "running": In(1), "restart": In(1), "tensor": In(TENSOR_LAYOUT),
            "released_rows": In(12), "room": Out(1), "overrun": Out(1),
            "input_valid": In(1), "input": In(InputWord), "input_ready": Out(1),
            "load": In(config.rows_under_way), "command": In(RowCommand),
            "commands": In(data.ArrayLayout(RowCommand, config.rows_under_way)),
            "words": In(data.ArrayLayout(8 * config.cells, config.pixels)),
            "word_valid": In(1), "word_context": In(range(config.rows_under_way)),
            "write_columns": Out(data.ArrayLayout(config.bank_columns, BANKS)),
            "write_turned": Out(BANKS), "write_parts": Out(config.parts),
            "write_address": Out(range(config.activation_words // config.bank_columns)),
            "write_words": Out(data.ArrayLayout(64, config.pixels)),
            "count": Out(1), "count_tensor": Out(6), "count_rows": Out(2, init=1),
            "drained": Out(config.rows_under_way), "bubble": Out(1),
            "probe_valid": Out(config.pixels), "probe_tensor": Out(6), "probe_input": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.inputs = inputs = fifo.SyncFIFO(width=1, depth=_INPUT_WORDS)
        m.submodules.rows = rows = InputRows(self.config)
        m.d.comb += [
            inputs.w_en.eq(self.input_valid & self.running),
            inputs.w_data.eq(self.input.row_last),
            self.input_ready.eq(inputs.w_rdy | ~self.running),
            rows.restart.eq(self.restart), rows.tensor.eq(self.tensor),
            rows.released_rows.eq(self.released_rows), self.overrun.eq(rows.overrun),
            self.room.eq(rows.room & ~inputs.r_rdy),
            rows.row_last.eq(inputs.r_data),
        ]

        # First clock: which word.
        takes_input = ~self.word_valid & inputs.r_rdy & rows.ready
        valid, is_input, keep, row_done = (Signal(name=name) for name in (
            "valid", "is_input", "keep", "row_done"))
        context = Signal.like(self.word_context, reset_less=True)
        bank, address = Signal(2, reset_less=True), Signal(13, reset_less=True)
        column = Signal(range(self.config.bank_columns), reset_less=True)
        m.d.comb += [
            rows.take.eq(takes_input & self.running), inputs.r_en.eq(takes_input | ~self.running),
        ]
        m.d.sync += [
            valid.eq(self.word_valid), is_input.eq(rows.take),
            keep.eq(rows.keep), row_done.eq(rows.row_done), bank.eq(rows.bank),
            address.eq(rows.address), column.eq(rows.column),
            context.eq(self.word_context),
        ]
        input_word = self._input_word(m, inputs)
        is_output = delayed(m, self.word_valid, self.lead_cycles, name="is_output")
        for pixel, finished in enumerate(self.words):
            word = Signal(64, name=f"word_{pixel}", reset_less=True)
            m.d.sync += [word.eq(Mux(is_output, finished.replicate(self.config.parts),
                                     input_word)),
                         self.write_words[pixel].eq(word)]
        crowded, patience = Signal(), Signal(range(_PATIENCE_CYCLES + 1))
        m.d.sync += [crowded.eq(inputs.r_level >= _INPUT_WORDS // 2), self.bubble.eq(0)]
        with m.If(~crowded | takes_input):
            m.d.sync += patience.eq(_PATIENCE_CYCLES)
        with m.Elif(patience == 0):
            m.d.sync += [self.bubble.eq(1), patience.eq(_PATIENCE_CYCLES)]
        with m.Else():
            m.d.sync += patience.eq(patience - 1)

        # Second: where it goes, when it has come.
        place = {}
        for name in ("write_columns", "write_turned", "write_parts", "write_address",
                     "probe_valid", "probe_tensor", "probe_input"):
            reset_less = name not in ("write_columns", "probe_valid")
            placed = getattr(self, name)
            place[name] = Signal.like(placed, name=f"next_{name}", reset_less=reset_less)
            m.d.comb += Value.cast(placed).eq(delayed(
                m, Value.cast(place[name]), self.lead_cycles, name=name, reset_less=reset_less))
        drained = Signal(self.config.rows_under_way)
        m.d.comb += self.drained.eq(
            delayed(m, drained, _DRAIN_CYCLES, name="drained", reset_less=False))
        m.d.sync += [place["write_columns"].eq(0), place["write_turned"].eq(0),
                     self.count.eq(0), self.count_rows.eq(1), drained.eq(0),
                     place["probe_valid"].eq(valid | is_input),
                     place["probe_input"].eq(is_input)]
        with m.If(is_input):
            m.d.sync += [
                place["write_columns"][bank].eq(keep << column),
                place["write_address"].eq(address),
                place["write_parts"].eq(~0), place["probe_tensor"].eq(0), self.count.eq(row_done),
            ]
        m.d.comb += self.count_tensor.eq(place["probe_tensor"])
        for number in range(self.config.rows_under_way):
            self._context(m, number, valid & (context == number), place, drained[number])
        return m

    def _input_word(self, m: Module, inputs: fifo.SyncFIFO) -> Value:
        """The word whose end of a row left the queue `lead_cycles` ago."""
        m.submodules.input_words = words = BlockMemory(64, depth=_INPUT_MEMORY_WORDS)
        comes = inputs.w_en & inputs.w_rdy
        leaves = delayed(m, inputs.r_en & inputs.r_rdy, self.lead_cycles - words.latency_cycles,
                         name="leaves", reset_less=False)
        written, read = Signal.like(words.write_address), Signal.like(words.address)
        m.d.sync += [written.eq(written + comes), read.eq(read + leaves)]
        m.d.comb += [words.write_enable.eq(comes), words.write_address.eq(written),
                     words.write_word.eq(self.input.word), words.address.eq(read)]
        return words.word

    def _context(self, m: Module, number: int, takes: Value, place: dict[str, Signal],
                 drained: Value) -> None:
        command, layer = self.commands[number], self.command.layer
        inner, outer = Loop(12, f"inner_{number}"), Loop(12, f"outer_{number}")
        inner_step, outer_step, address, start = (
            Signal(bits, name=f"{name}_{number}", reset_less=True) for bits, name in (
                (8, "inner_step"), (8, "outer_step"), (13, "address"), (13, "start")))
        by_pixel = command.layer.mode == Mode.KERNEL_ROW
        part = Signal(range(self.config.parts), name=f"part_{number}", reset_less=True)
        full = part == self.config.parts - 1
        # Two pairs of columns share an address; the last one may be half of one.
        upper: Value = C(1, 1)
        if self.config.pixels > 1:
            upper = Signal(name=f"upper_{number}", reset_less=True)
            pair = Signal(range(len(_PAIRS)), name=f"pair_{number}", reset_less=True)
            is_map = command.layer.mode == Mode.WHOLE_MAP
            whole = ~(command.layer.out_width[0] & Mux(by_pixel, outer.last, inner.last))
        inner_words = Mux(Mux(by_pixel, full, upper), inner_step, 0)
        outer_words = Mux(Mux(by_pixel, upper, full), outer_step, 0)
        columns: Value = C(1, 1)
        if self.config.pixels > 1:
            columns = Cat(~upper, ~upper & whole, upper, upper & whole)
        with m.If(takes):
            inner.step(m)
            m.d.sync += [place["write_columns"][command.out_bank].eq(columns),
                         # With the first part goes all of the word, so that none is left unwritten.
                         place["write_parts"].eq((part == 0).replicate(self.config.parts)
                                                 | (1 << part)),
                         place["write_address"].eq(address), address.eq(address + inner_words),
                         place["probe_tensor"].eq(command.layer.out_tensor),
                         part.eq(part + by_pixel)]
            if self.config.pixels > 1:
                m.d.sync += [place["probe_valid"].eq(Cat(1, whole)), upper.eq(upper ^ ~by_pixel)]
                m.d.sync += pair.eq(Mux(inner.last, 0, pair + 1))
                with m.If(is_map):
                    m.d.sync += self.count_rows.eq(_MAP_ROWS)
                    self._whole_map(m, command, pair, place)
            with m.If(inner.last):
                outer.step(m)
                m.d.sync += [address.eq(start + outer_words), start.eq(start + outer_words),
                             part.eq(Mux(by_pixel, 0, part + 1))]
                if self.config.pixels > 1:
                    m.d.sync += upper.eq(by_pixel & ~upper)
                with m.If(outer.last):
                    m.d.sync += [self.count.eq(command.layer.completes_row),
                                 drained.eq(1)]
        with m.If(self.load[number]):
            pixels_first = layer.mode != Mode.KERNEL_ROW
            width, pixel_words = layer.out_width, layer.out_pixel_words
            if self.config.pixels > 1:
                pixel_words = Mux(layer.mode == Mode.WHOLE_MAP, 0, pixel_words)
                width = layer.out_width[1:] + layer.out_width[0]
            inner.load(m, Mux(pixels_first, width, layer.groups))
            outer.load(m, Mux(pixels_first, layer.groups, width))
            m.d.sync += [
                inner_step.eq(Mux(pixels_first, pixel_words, 1)),
                outer_step.eq(Mux(pixels_first, 1, layer.out_pixel_words)), part.eq(0),
                address.eq(self.command.out_base), start.eq(self.command.out_base),
            ]
            if self.config.pixels > 1:
                m.d.sync += [upper.eq(0), pair.eq(0)]

    @staticmethod
    def _whole_map(m: Module, command, pair: Value, place: dict[str, Signal]) -> None:
        """Of its rows, each in a bank of its own, what this pair of pixels belongs to.

        In the second row the pair's first pixel is in an odd column, its second in an even one.
        """
        for row in range(_MAP_ROWS):
            bank = (command.out_bank + row)[:2]
            columns = Array(sum(1 << column for of, column in pixels if of == row)
                            for pixels in _PAIRS)[pair]
            m.d.sync += [place["write_columns"][bank].eq(columns),
                         place["write_turned"].bit_select(bank, 1).eq(row % 2)]
