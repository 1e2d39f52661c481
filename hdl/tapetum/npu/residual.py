# SPDX-License-Identifier: Apache-2.0
"""Looks up what a residual adds to what the cells deliver, one byte a clock."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..memory.block_memory import BlockMemory
from .chain import Chain
from .npu_config import NpuConfig
from .step import RowCommand

__all__ = ["Residual"]

_TABLE_ENTRIES = 256
_WAITING_WORDS = 8


class Residual(wiring.Component):
    """Sums for the exact ADD of the reference kernels, in the order in which the cells finish.

    ::

        byte of cell m, m clocks late ─► table ─┐
                                                + ─► back to cell m
        byte m of the residual word   ─► table ─┘

    A table holds for each byte its addend, zero point and scale inside. Vectors come at least
    `spacing_cycles` apart, so that one adder serves them all and the next word is there.

    Members
    -------
    bytes, bytes_valid, bytes_context : In
        From `Chain`.
    residual_valid, residual_word : In(1), In(a byte per cell)
        From `ReadPath`, ahead of the bytes.
    commands : In(a RowCommand for each context)
    write : In(1), write_index : In(16), write_data : In(32)
        Index: table, then 256 addends of the convolution and 256 of the residual.
    sum_follows, sum_parameter, sum_valid, sum_context, addend : Out
        For `Chain`.
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        self.spacing_cycles = self.least_cycles(config.cells)
        super().__init__({
            "bytes": In(data.ArrayLayout(signed(8), config.cells)),
            "bytes_valid": In(1), "bytes_context": In(range(config.rows_under_way)),
            "residual_valid": In(1), "residual_word": In(8 * config.cells),
            "commands": In(data.ArrayLayout(RowCommand, config.rows_under_way)),
            "write": In(1), "write_index": In(16), "write_data": In(32),
            "sum_follows": Out(1), "sum_valid": Out(1),
            "sum_context": Out(range(config.rows_under_way)),
            "sum_parameter": Out(range(config.parameter_words)), "addend": Out(signed(32)),
        })

    @staticmethod
    def least_cycles(cells: int) -> int:
        """What `spacing_cycles` is with so many cells."""
        return max(cells, _WAITING_WORDS) + BlockMemory.latency_cycles

    def elaborate(self, platform):
        m = Module()
        cells = self.config.cells
        # Never full and never empty: a word waits from its read, a dozen clocks ahead, to its byte.
        m.submodules.residuals = residuals = BlockMemory(8 * cells, depth=_WAITING_WORDS)
        written = Signal(range(_WAITING_WORDS))
        read = Signal(range(_WAITING_WORDS))

        # First clock: the byte of each cell as it comes.
        lane, running = Signal(range(cells)), Signal()
        current = self.bytes_valid | running
        layer = self.commands[self.bytes_context].layer
        table_number = Signal.like(layer.add_table, reset_less=True)
        with m.If(current):
            m.d.sync += [lane.eq(lane + 1), running.eq(lane != cells - 1)]
        m.d.sync += [self.sum_follows.eq(self.bytes_valid), self.sum_valid.eq(self.sum_follows)]
        with m.If(self.bytes_valid):
            m.d.sync += [self.sum_context.eq(self.bytes_context),
                         self.sum_parameter.eq(layer.add_parameter),
                         table_number.eq(layer.add_table)]
        m.d.comb += [residuals.write_enable.eq(self.residual_valid),
                     residuals.write_word.eq(self.residual_word),
                     residuals.write_address.eq(written), residuals.address.eq(read)]
        m.d.sync += [written.eq(written + self.residual_valid),
                     read.eq(read + (current & (lane == cells - 1)))]
        own, other = Signal(8, reset_less=True), Signal(8, reset_less=True)
        m.d.sync += [own.eq(self.bytes[lane]), other.eq(residuals.word.word_select(lane, 8))]

        # Second to fourth: the addends, and their sum.
        addends = []
        for number, byte in enumerate((own, other)):
            m.submodules[f"table_{number}"] = table = BlockMemory(
                signed(32), depth=_TABLE_ENTRIES * self.config.add_tables)
            m.d.comb += [
                table.write_address.eq(Cat(self.write_index[:8], self.write_index[9:])),
                table.write_word.eq(self.write_data),
                table.write_enable.eq(self.write & (self.write_index[8] == number)),
                table.address.eq(Cat(byte ^ 0x80, table_number)),
            ]
            addends.append(table.word)
        assert Chain.addend_cycles == BlockMemory.latency_cycles
        m.d.sync += self.addend.eq(addends[0] + addends[1])
        return m
