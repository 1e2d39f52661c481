# SPDX-License-Identifier: Apache-2.0
"""The cells in a row."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed
from .cell import Cell
from .npu_config import NpuConfig
from .program import LANES
from .step import Clamp, ProgramPort, StepToken

__all__ = ["Chain"]


class Chain(wiring.Component):
    """Cells through which vectors march, one a clock; cell m computes m clocks behind cell 0.

    ::

        token, vector ─► cell 0 ─► cell 1 ─► ... ─► cell M-1
        columns ─►  0 │  1 later │               M-1 later │   (windows: one channel a cell)
                      ▼          ▼                         ▼
        bytes       skewed by a clock each ─► deskew ─► word

    The word is there `latency_cycles` after the token of the last step. One step per clock.

    Parameters
    ----------
    config : NpuConfig

    Members
    -------
    token, vector : In(StepToken), In(9 bytes)
    columns : In(3 rows of 8 bytes)
        Taken with a token that moves a window.
    clamps : In(2 of Clamp)
    program : In(ProgramPort)
    write_weights, write_parameters : In(one bit per cell)
    bytes : Out(one byte per cell)
        As the cells deliver them, that of cell m m clocks after ``bytes_valid``.
    bytes_valid, bytes_context : Out(1)
    word : Out(64), word_valid, word_context : Out(1)
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        self.latency_cycles = Cell.latency_cycles + config.cells - 1
        cells = config.cells
        super().__init__({
            "token": In(StepToken(config)),
            "vector": In(data.ArrayLayout(signed(8), LANES)),
            "columns": In(data.ArrayLayout(data.ArrayLayout(signed(8), cells), 3)),
            "clamps": In(data.ArrayLayout(Clamp, 2)),
            "program": In(ProgramPort),
            "write_weights": In(cells),
            "write_parameters": In(cells),
            "bytes": Out(data.ArrayLayout(signed(8), cells)),
            "bytes_valid": Out(1),
            "bytes_context": Out(1),
            "word": Out(8 * cells),
            "word_valid": Out(1),
            "word_context": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        token, vector = self.token, self.vector
        last = self.config.cells - 1
        for number in range(self.config.cells):
            m.submodules[f"cell_{number}"] = cell = Cell(self.config)
            column = Cat(row[number] for row in self.columns)
            m.d.comb += [
                cell.token.eq(token), cell.vector.eq(vector),
                Value.cast(cell.column).eq(delayed(m, column, number, name=f"column_{number}")),
                cell.clamps.eq(self.clamps),
                cell.program.eq(self.program),
                cell.write_weights.eq(self.write_weights[number]),
                cell.write_parameters.eq(self.write_parameters[number]),
                self.bytes[number].eq(cell.o),
                self.word[8 * number:8 * number + 8].eq(
                    delayed(m, cell.o, last - number, name=f"output_{number}")),
            ]
            if number == 0:
                m.d.comb += [self.bytes_valid.eq(cell.o_valid),
                             self.bytes_context.eq(cell.o_context)]
            if number == last:
                m.d.comb += [self.word_valid.eq(cell.o_valid),
                             self.word_context.eq(cell.o_context)]
            token, vector = cell.next_token, cell.next_vector
        return m
