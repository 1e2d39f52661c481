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

        token, vectors ─► cell 0 ─► cell 1 ─► ... ─► cell M-1
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
    token, vectors : In(StepToken), In(9 bytes per pixel)
    weight : In
        `Cell.weight_lead_cycles` before its token.
    columns : In(3 rows of a byte per cell)
        Taken with a token that moves a window. Only of one pixel.
    windows : In(2 pixels of a byte per place of the window and cell)
        The same of two pixels.
    clamps : In(2 of Clamp for each context)
        By context: of the layer, and of its sums.
    program : In(ProgramPort)
    write_weights, write_parameters : In(one bit per cell)
        Words of a program march as well: a word has arrived a clock per cell later.
    bytes : Out(one byte per pixel and cell)
        As the cells deliver them, that of cell m m clocks after ``bytes_valid``.
    bytes_valid, bytes_context : Out
        Of vectors that add.
    sum_follows : In(1), sum_parameter : In
        A clock after ``bytes_valid``: parameters of the sums.
    sum_valid, sum_context : In
        Another clock later: the sums follow.
    addends : In(signed(32) per pixel)
        Those of cell m come `addend_cycles` + m clocks after ``sum_valid``.
    word_valid, word_context : Out, words : Out(one byte per pixel and cell)
        Finished, the words `word_lead_cycles` later.
    """

    word_lead_cycles = 11
    addend_cycles = Cell.addend_cycles
    sum_cycles = Cell.latency_cycles + 2 - Cell.late_cycles

    def __init__(self, config: NpuConfig):
        self.config = config
        self.latency_cycles = Cell.latency_cycles + config.cells - 1
        cells, pixels = config.cells, config.pixels
        bytes_ = data.ArrayLayout(signed(8), cells)
        super().__init__({
            "token": In(StepToken(config)),
            "weight": In(range(config.weight_words)),
            "vectors": In(data.ArrayLayout(data.ArrayLayout(signed(8), LANES), pixels)),
            **({"columns": In(data.ArrayLayout(bytes_, 3))} if pixels == 1 else {
                "windows": In(data.ArrayLayout(data.ArrayLayout(bytes_, LANES), pixels))}),
            "clamps": In(data.ArrayLayout(data.ArrayLayout(Clamp, 2), config.rows_under_way)),
            "program": In(ProgramPort),
            "write_weights": In(cells),
            "write_parameters": In(cells),
            "bytes": Out(data.ArrayLayout(bytes_, pixels)),
            "bytes_valid": Out(1),
            "bytes_context": Out(range(config.rows_under_way)),
            "sum_follows": In(1),
            "sum_valid": In(1),
            "sum_context": In(range(config.rows_under_way)),
            "sum_parameter": In(range(config.parameter_words)),
            "addends": In(data.ArrayLayout(signed(32), pixels)),
            "words": Out(data.ArrayLayout(8 * cells, pixels)),
            "word_valid": Out(1),
            "word_context": Out(range(config.rows_under_way)),
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
                     late.parameter.eq(Mux(self.sum_follows, self.sum_parameter, parameter))]
        which = delayed(m, Cat(self.sum_valid, context), Cell.clamp_cycles - 1, name="which")
        m.d.sync += clamp.eq(self.clamps[which[1:]][which[0]])
        behind = Cell.latency_cycles - Cell.late_cycles
        m.d.comb += [
            Cat(self.bytes_valid, self.bytes_context).eq(delayed(
                m, Cat(adds, context), behind, name="bytes_valid", reset_less=False)),
            Cat(self.word_valid, self.word_context).eq(delayed(
                m, Cat(finishes, context), behind + last - self.word_lead_cycles,
                name="word_valid", reset_less=False)),
        ]

        token, weight, vectors, program = self.token, self.weight, self.vectors, self.program
        for number in range(self.config.cells):
            m.submodules[f"cell_{number}"] = cell = Cell(self.config)
            if self.config.pixels == 1:
                own, taken = Cat(row[number] for row in self.columns), cell.column
            else:
                own = Cat(place[number] for window in self.windows for place in window)
                taken = cell.windows
            m.d.comb += [
                cell.token.eq(token), cell.weight.eq(weight), cell.vectors.eq(vectors),
                Value.cast(taken).eq(delayed(m, own, number, name=f"column_{number}")),
                cell.late.eq(late), cell.clamp.eq(clamp), cell.addends.eq(self.addends),
                cell.program.eq(program),
                *(port.eq(delayed(m, strobes[number], number, name=f"{name}_{number}",
                                  reset_less=False))
                  for port, strobes, name in (
                      (cell.write_weights, self.write_weights, "write_weights"),
                      (cell.write_parameters, self.write_parameters, "write_parameters"))),
            ]
            for pixel, byte in enumerate(cell.o):
                name = f"output_{number}" + (f"_{pixel}" if pixel else "")
                m.d.comb += [
                    self.bytes[pixel][number].eq(byte),
                    self.words[pixel][8 * number:8 * number + 8].eq(
                        delayed(m, byte, last - number, name=name)),
                ]
            token, weight, vectors = cell.next_token, cell.next_weight, cell.next_vectors
            late, clamp, program = cell.next_late, cell.next_clamp, cell.next_program
        return m
