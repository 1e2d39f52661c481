# SPDX-License-Identifier: Apache-2.0
"""Adds a residual to what the cells deliver, one byte a clock."""

from amaranth import *
from amaranth.lib import data, fifo, wiring
from amaranth.lib.wiring import In, Out

from ..correct.defects.block_memory import BlockMemory
from ..stream.delay import delayed
from .npu_config import NpuConfig
from .requantise import Requantise
from .step import RowCommand

__all__ = ["Residual"]

_TABLE_ENTRIES = 256
_WAITING_WORDS = 8


class Residual(wiring.Component):
    """The exact ADD of the reference kernels, on bytes in the order in which the cells finish.

    ::

        byte of cell m, m clocks late ─► table ─┐
                                                + ─► Requantise ─► collect ─► queue ─► word
        byte m of the residual word   ─► table ─┘

    A table holds for each byte its addend, zero point and scale inside. Vectors come at least
    12 clocks apart, so that one adder serves all cells.

    Members
    -------
    bytes, bytes_valid, bytes_context : In
        From `Chain`.
    residual_valid, residual_word : In(1), In(64)
        From `ReadPath`, ahead of the bytes.
    commands : In(2 of RowCommand)
    write : In(1), write_index : In(16), write_data : In(32)
        Index: table, then 256 addends of the convolution and 256 of the residual.
    valid, word, context : Out(1), Out(64), Out(1); take : In(1)
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "bytes": In(data.ArrayLayout(signed(8), config.cells)),
            "bytes_valid": In(1), "bytes_context": In(1),
            "residual_valid": In(1), "residual_word": In(8 * config.cells),
            "commands": In(data.ArrayLayout(RowCommand, 2)),
            "write": In(1), "write_index": In(16), "write_data": In(32),
            "valid": Out(1), "word": Out(8 * config.cells), "context": Out(1), "take": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        cells = self.config.cells
        m.submodules.residuals = residuals = fifo.SyncFIFO(width=8 * cells, depth=_WAITING_WORDS)
        m.submodules.words = words = fifo.SyncFIFO(width=8 * cells + 1, depth=_WAITING_WORDS)

        # First clock: the byte of each cell as it comes.
        begins = self.bytes_valid & self.commands[self.bytes_context].layer.has_residual
        lane, running = Signal(range(cells)), Signal()
        context = Signal(reset_less=True)
        current = begins | running
        with m.If(current):
            m.d.sync += [lane.eq(lane + 1), running.eq(lane != cells - 1)]
        with m.If(begins):
            m.d.sync += context.eq(self.bytes_context)
        m.d.comb += [residuals.w_en.eq(self.residual_valid),
                     residuals.w_data.eq(self.residual_word),
                     residuals.r_en.eq(current & (lane == cells - 1))]
        own, other = Signal(8, reset_less=True), Signal(8, reset_less=True)
        m.d.sync += [own.eq(self.bytes[lane]), other.eq(residuals.r_data.word_select(lane, 8))]
        taken = delayed(m, current, 1, name="taken", reset_less=False)
        lane_taken = delayed(m, lane, 1, name="lane")

        # Second to fourth: the addends, and their sum.
        layer = self.commands[context].layer
        addends = []
        for number, byte in enumerate((own, other)):
            m.submodules[f"table_{number}"] = table = BlockMemory(
                signed(32), depth=_TABLE_ENTRIES * self.config.add_tables)
            m.d.comb += [
                table.write_address.eq(Cat(self.write_index[:8], self.write_index[9:])),
                table.write_word.eq(self.write_data),
                table.write_enable.eq(self.write & (self.write_index[8] == number)),
                table.address.eq(Cat(byte ^ 0x80, layer.add_table)),
            ]
            addends.append(table.word)
        total = Signal(signed(32), reset_less=True)
        m.d.sync += total.eq(addends[0] + addends[1])

        m.submodules.requantise = requantise = Requantise()
        early = self.commands[delayed(m, context, 2, name="early_context")].layer
        parameters = Signal(Shape(36), reset_less=True)
        late_context = delayed(m, context, 2 + requantise.offset_cycles, name="late_context")
        late = self.commands[late_context].layer
        m.d.sync += parameters.eq(Cat(early.add_multiplier, early.add_shift))
        clamp = delayed(m, Cat(late.add_zero_point, late.add_min, late.add_max), 1, name="clamp")
        limits = delayed(m, clamp[8:], 1, name="limits")
        m.d.comb += [
            requantise.total.eq(total), requantise.single_rounding.eq(0),
            Cat(requantise.multiplier, requantise.shift).eq(parameters),
            requantise.zero_point.eq(clamp[:8].as_signed()),
            requantise.minimum.eq(limits[:8].as_signed()),
            requantise.maximum.eq(limits[8:].as_signed()),
        ]
        behind = 3 + requantise.latency_cycles
        done = delayed(m, taken, behind, name="done", reset_less=False)
        done_lane = delayed(m, lane_taken, behind, name="done_lane")
        done_context = delayed(m, late_context, 3, name="done_context")
        collected = Signal(8 * cells, reset_less=True)
        with m.If(done):
            m.d.sync += collected.word_select(done_lane, 8).eq(requantise.o)
        complete = delayed(m, done & (done_lane == cells - 1), 1, name="complete",
                           reset_less=False)
        m.d.comb += [
            words.w_en.eq(complete),
            words.w_data.eq(Cat(collected, delayed(m, done_context, 1, name="word_context"))),
            self.valid.eq(words.r_rdy), Cat(self.word, self.context).eq(words.r_data),
            words.r_en.eq(self.take),
        ]
        return m
