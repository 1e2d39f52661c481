# SPDX-License-Identifier: Apache-2.0
"""One cell of the array: nine products a clock and pixel, for one output channel."""

from itertools import product

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..memory.block_memory import BlockMemory
from ..stream.delay import delayed
from .npu_config import NpuConfig
from .program import LANES, PARAMETER_LAYOUT, WEIGHT_WORD_BITS
from .requantise import Requantise
from .step import Clamp, LateToken, ProgramPort, StepToken

__all__ = ["Cell"]

_MAXIMUM_BITS = 9


class Cell(wiring.Component):
    """Takes vectors from the cell before, hands them on, multiplies them by weights of its own.

    ::

        vector ─►[ march ]─► to the next cell              bias     addend
                    │            column ─► shifts in         ▼         ▼
                    × weights ─► sum of nine ─► accumulator (first) ─► or ─► Requantise ─► o

    All pixels share the token and the weights. These and the vectors leave one clock after they
    came. The outputs are there
    `latency_cycles` after the token of the last step. One step per clock. An addend takes the place
    of a step that neither begins nor ends a vector, or of none.

    Parameters
    ----------
    config : NpuConfig

    Members
    -------
    token, vectors, next_token, next_vectors : StepToken and 9 bytes per pixel, In and Out
    column : In(3 bytes)
        Of this cell's channel, one per row of the window. Only of one pixel.
    windows : In(9 bytes per pixel)
        Of this cell's channel, row by row. Only of two pixels.
    weight, next_weight : In and Out
        Place of the step's weights, `weight_lead_cycles` before its token.
    late, next_late : LateToken, In and Out
        `late_cycles` after the token that it belongs to, its parameter `parameter_lead_cycles`
        before.
    addends : In(signed(32) per pixel)
        `addend_cycles` after their late token.
    clamp, next_clamp : Clamp, In and Out
        `clamp_cycles` after the late token.
    o : Out(signed(8) per pixel)
    program, next_program : ProgramPort, In and Out
    write_weights, write_parameters : In(1)
    """

    weight_lead_cycles = 1
    parameter_lead_cycles = 1
    late_cycles = 7
    addend_cycles = 2
    clamp_cycles = 13
    latency_cycles = 23

    def __init__(self, config: NpuConfig):
        self.config = config
        token = StepToken(config)
        vectors = data.ArrayLayout(data.ArrayLayout(signed(8), LANES), config.pixels)
        super().__init__({
            "token": In(token),
            "vectors": In(vectors),
            **({"column": In(data.ArrayLayout(signed(8), 3))} if config.pixels == 1
               else {"windows": In(vectors)}),
            "weight": In(range(config.weight_words)),
            "late": In(LateToken(config)),
            "addends": In(data.ArrayLayout(signed(32), config.pixels)),
            "clamp": In(Clamp),
            "program": In(ProgramPort),
            "write_weights": In(1),
            "write_parameters": In(1),
            "next_token": Out(token),
            "next_vectors": Out(vectors),
            "next_weight": Out(range(config.weight_words)),
            "next_late": Out(LateToken(config)),
            "next_clamp": Out(Clamp),
            "next_program": Out(ProgramPort),
            "o": Out(data.ArrayLayout(signed(8), config.pixels)),
        })

    def elaborate(self, platform):
        m = Module()
        token = self.next_token
        weights = self._memory(m, "weights", WEIGHT_WORD_BITS, self.config.weight_words,
                               self.write_weights, self.weight)
        m.d.sync += [token.eq(self.token), self.next_weight.eq(self.weight),
                     self.next_late.eq(self.late),
                     self.next_clamp.eq(self.clamp), self.next_program.eq(self.program)]
        marched = Signal.like(self.vectors, reset_less=True)
        for pixel, lane in product(range(self.config.pixels), range(LANES)):
            own = marched[pixel][lane]
            if self.config.pixels > 1:
                shifted, takes = self.windows[pixel][lane], self.token.window
            else:
                shifted = self.column[lane // 3] if lane % 3 == 2 else marched[pixel][lane + 1]
                takes = self.token.window & ~(self.token.clear & (lane % 3 < 2))
            with m.If(self.token.move):
                m.d.sync += own.eq(Mux(takes, shifted, self.vectors[pixel][lane]))
        m.d.comb += self.next_vectors.eq(marched)
        factors = [delayed(m, weights[8 * lane:8 * lane + 8], 1 + self.weight_lead_cycles,
                           name=f"weight_{lane}").as_signed() for lane in range(LANES)]

        # Tenth: accumulated on the bias. The largest of some has no bias, and few bits.
        stored = data.StructLayout({"parameters": PARAMETER_LAYOUT, "multiplier_sum": 17})
        read = self._memory(m, "parameters", stored.size, self.config.parameter_words,
                            self.write_parameters, self.late.parameter)
        early, late = (Signal(stored, name=f"parameters_{name}", reset_less=True)
                       for name in ("early", "late"))
        parameters = late.parameters
        m.d.sync += [early.eq(read), late.eq(early)]
        before = delayed(m, token, 7, name="token", reset_less=False)
        steps = delayed(m, before, 1, name="token_8", reset_less=False)
        begins = delayed(m, before.first | before.maximum, 1, name="begins")
        # One register sends addends to all cells: they have a clock for the way.
        comes = delayed(m, self.late.takes_addend, self.addend_cycles, name="takes_addend")
        takes_addend = delayed(m, comes, 1, name="takes_addend_late")
        addends = Signal.like(self.addends, reset_less=True)
        with m.If(comes):
            m.d.sync += addends.eq(self.addends)
        for pixel in range(self.config.pixels):
            name = f"_{pixel}" if pixel else ""
            dot = self._dot(m, self.next_vectors[pixel], factors, name)
            sum_ = Signal(signed(32), name="sum_" + name, reset_less=True)
            base = Mux(begins, early.parameters.bias, sum_)
            # The sign of a difference takes fewer tables than a comparison of signed numbers.
            larger = (sum_[:_MAXIMUM_BITS].as_signed() - dot[:_MAXIMUM_BITS].as_signed())[-1]
            with m.If(steps.valid & (~steps.maximum | steps.first | larger)):
                m.d.sync += sum_.eq(base + dot)

            m.submodules["requantise" + name] = requantise = Requantise()
            assert requantise.offset_cycles == self.clamp_cycles - self.addend_cycles - 1
            m.d.comb += [
                requantise.total.eq(Mux(takes_addend, addends[pixel], sum_)),
                requantise.multiplier.eq(parameters.multiplier),
                requantise.multiplier_sum.eq(late.multiplier_sum),
                requantise.shift.eq(parameters.shift),
                requantise.single_rounding.eq(parameters.single_rounding),
                requantise.zero_point.eq(self.clamp.zero_point),
                requantise.minimum.eq(self.next_clamp.minimum),
                requantise.maximum.eq(self.next_clamp.maximum),
                self.o[pixel].eq(requantise.o),
            ]
        return m

    def _dot(self, m: Module, vector, weights: list[Value], name: str) -> Value:
        """Third clock: both factors. Fourth: their products, which cross over to the adders in the
        fifth. Sixth to ninth: the sum of nine."""
        terms = []
        for lane in range(LANES):
            factor = delayed(m, vector[lane], 2, name=f"activation_{lane}{name}")
            multiplied = Signal(signed(16), name=f"product_{lane}{name}", reset_less=True)
            m.d.sync += multiplied.eq(factor * weights[lane])
            terms.append(delayed(m, multiplied, 1, name=f"product_{lane}{name}_later"))
        level = 0
        while len(terms) > 1:
            level += 1
            terms = [self._sum(m, terms[index:index + 2], f"sum_{level}_{index // 2}{name}")
                     for index in range(0, len(terms), 2)]
        return terms[0]

    def _memory(self, m: Module, name: str, bits: int, depth: int, write_enable: Value,
                address: Value) -> Value:
        m.submodules[name] = words = BlockMemory(bits, depth=depth)
        program = self.next_program
        m.d.sync += words.write_enable.eq(write_enable)
        m.d.comb += [words.address.eq(address), words.write_address.eq(program.index),
                     words.write_word.eq(Cat(program.data, program.multiplier_sum))]
        return words.word

    @staticmethod
    def _sum(m: Module, terms: list, name: str) -> Signal:
        value = terms[0] if len(terms) == 1 else terms[0] + terms[1]
        register = Signal(value.shape(), name=name, reset_less=True)
        m.d.sync += register.eq(value)
        return register
