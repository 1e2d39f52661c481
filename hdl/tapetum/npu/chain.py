# SPDX-License-Identifier: Apache-2.0
"""The cells in a row."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed
from .cell import Cell
from .npu_config import NpuConfig
from .program import LANES
from .step import Clamp, LateToken, ProgramPort, StepToken

__all__ = ["Chain"]


class Chain(wiring.Component):
    """Cells through which vectors march, one a clock; cell m computes m clocks behind cell 0.

    ::

        token, vector ─► cell 0 ─► cell 1 ─► ... ─► cell M-1
        columns ─►  0 │  1 later │               M-1 later │   (windows: one channel a cell)
                      ▼          ▼                         ▼
        bytes       skewed by a clock each ─► deskew ─► word

    What is computed of a vector, bytes or a word, is there `latency_cycles` after the token of its
    last step, M - 1 clocks later for the word, which is told `word_lead_cycles` before. One step
    per clock.

    Bytes of a vector that adds come back as sums of two addends, a clock after each other, and pass
    the same cells: `sum_cycles` behind the steps, where no step may begin or end a vector.

    Parameters
    ----------
    config : NpuConfig

    Members
    -------
    token, vector : In(StepToken), In(9 bytes)
    weight : In
        `Cell.weight_lead_cycles` before its token.
    columns : In(3 rows of a byte per cell)
        Taken with a token that moves a window.
    clamps : In(2 of 2 of Clamp)
        By context: of the layer, and of its sums.
    program : In(ProgramPort)
    write_weights, write_parameters : In(one bit per cell)
        Words of a program march as well: a word has arrived a clock per cell later.
    bytes : Out(one byte per cell)
        As the cells deliver them, that of cell m m clocks after ``bytes_valid``.
    bytes_valid, bytes_context : Out(1)
        Of vectors that add.
    sum_parameter : In
        With ``bytes_valid``: that of their sums.
    sum_valid, sum_context : In
        A clock later: the sums follow.
    addend : In(signed(32))
        That of cell m comes `addend_cycles` + m clocks after ``sum_valid``.
    word_valid, word_context : Out(1), word : Out(one byte per cell)
        Finished, the word `word_lead_cycles` later.
    """

    word_lead_cycles = 11
    addend_cycles = Cell.addend_cycles
    sum_cycles = Cell.latency_cycles + 1 - Cell.late_cycles

    def __init__(self, config: NpuConfig):
        self.config = config
        self.latency_cycles = Cell.latency_cycles + config.cells - 1
        cells = config.cells
        super().__init__({
            "token": In(StepToken(config)),
            "weight": In(range(config.weight_words)),
            "vector": In(data.ArrayLayout(signed(8), LANES)),
            "columns": In(data.ArrayLayout(data.ArrayLayout(signed(8), cells), 3)),
            "clamps": In(data.ArrayLayout(data.ArrayLayout(Clamp, 2), 2)),
            "program": In(ProgramPort),
            "write_weights": In(cells),
            "write_parameters": In(cells),
            "bytes": Out(data.ArrayLayout(signed(8), cells)),
            "bytes_valid": Out(1),
            "bytes_context": Out(1),
            "sum_valid": In(1),
            "sum_context": In(1),
            "sum_parameter": In(range(config.parameter_words)),
            "addend": In(signed(32)),
            "word": Out(8 * cells),
            "word_valid": Out(1),
            "word_context": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        last = self.config.cells - 1

        # Beside the sums of cell 0: parameters, and what becomes of its bytes.
        ends = self.token.valid & self.token.last
        adds, finishes, context = (
            delayed(m, value, Cell.late_cycles, name=name, reset_less=False)
            for name, value in (("adds", ends & self.token.adds),
                                ("finishes", ends & ~self.token.adds),
                                ("context", self.token.context)))
        parameter = delayed(m, self.token.parameter,
                            Cell.late_cycles - Cell.parameter_lead_cycles, name="parameter")
        finishes = finishes | self.sum_valid
        context = Mux(self.sum_valid, self.sum_context, context)
        late, clamp = Signal(LateToken(self.config)), Signal(Clamp, reset_less=True)
        m.d.comb += [late.takes_addend.eq(self.sum_valid),
                     late.parameter.eq(Mux(self.bytes_valid, self.sum_parameter, parameter))]
        which = delayed(m, Cat(self.sum_valid, context), Cell.clamp_cycles - 1, name="which")
        m.d.sync += clamp.eq(self.clamps[which[1]][which[0]])
        behind = Cell.latency_cycles - Cell.late_cycles
        m.d.comb += [
            Cat(self.bytes_valid, self.bytes_context).eq(delayed(
                m, Cat(adds, context), behind, name="bytes_valid", reset_less=False)),
            Cat(self.word_valid, self.word_context).eq(delayed(
                m, Cat(finishes, context), behind + last - self.word_lead_cycles,
                name="word_valid", reset_less=False)),
        ]

        token, weight, vector, program = self.token, self.weight, self.vector, self.program
        for number in range(self.config.cells):
            m.submodules[f"cell_{number}"] = cell = Cell(self.config)
            column = Cat(row[number] for row in self.columns)
            m.d.comb += [
                cell.token.eq(token), cell.weight.eq(weight), cell.vector.eq(vector),
                Value.cast(cell.column).eq(delayed(m, column, number, name=f"column_{number}")),
                cell.late.eq(late), cell.clamp.eq(clamp), cell.addend.eq(self.addend),
                cell.program.eq(program),
                *(port.eq(delayed(m, strobes[number], number, name=f"{name}_{number}",
                                  reset_less=False))
                  for port, strobes, name in (
                      (cell.write_weights, self.write_weights, "write_weights"),
                      (cell.write_parameters, self.write_parameters, "write_parameters"))),
                self.bytes[number].eq(cell.o),
                self.word[8 * number:8 * number + 8].eq(
                    delayed(m, cell.o, last - number, name=f"output_{number}")),
            ]
            token, weight, vector = cell.next_token, cell.next_weight, cell.next_vector
            late, clamp, program = cell.next_late, cell.next_clamp, cell.next_program
        return m
