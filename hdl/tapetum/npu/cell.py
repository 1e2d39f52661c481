# SPDX-License-Identifier: Apache-2.0
"""One cell of the array: nine products a clock for one output channel."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..correct.defects.block_memory import BlockMemory
from ..stream.delay import delayed
from .npu_config import NpuConfig
from .program import LANES, PARAMETER_LAYOUT, WEIGHT_WORD_BITS
from .requantise import Requantise
from .step import Clamp, ProgramPort, StepToken

__all__ = ["Cell"]


class Cell(wiring.Component):
    """Takes a vector from the cell before, hands it on, multiplies it by weights of its own.

    ::

        vector ─►[ march ]─► to the next cell
                    │            column ─► shifts into march when it is a window
                    × weights ─► tree ─► accumulator ─► + bias ─► Requantise ─► o

    The token and the vector leave one clock after they came. The output is there
    `latency_cycles` after the token of the last step. One step per clock.

    Parameters
    ----------
    config : NpuConfig

    Members
    -------
    token, vector, next_token, next_vector : StepToken and 9 bytes, In and Out
    column : In(3 bytes)
        Of this cell's channel, one per row of the window.
    clamps : In(2 of Clamp)
        By context.
    o : Out(signed(8))
    o_valid, o_context : Out(1)
    program : In(ProgramPort)
    write_weights, write_parameters : In(1)
    """

    latency_cycles = 20

    def __init__(self, config: NpuConfig):
        self.config = config
        token, vector = StepToken(config), data.ArrayLayout(signed(8), LANES)
        super().__init__({
            "token": In(token),
            "vector": In(vector),
            "column": In(data.ArrayLayout(signed(8), 3)),
            "clamps": In(data.ArrayLayout(Clamp, 2)),
            "program": In(ProgramPort),
            "write_weights": In(1),
            "write_parameters": In(1),
            "next_token": Out(token),
            "next_vector": Out(vector),
            "o": Out(signed(8)),
            "o_valid": Out(1),
            "o_context": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        token, march = self.next_token, self.next_vector
        weights = self._memory(m, "weights", WEIGHT_WORD_BITS, self.config.weight_words,
                               self.write_weights, self.token.weight)
        m.d.sync += token.eq(self.token)
        marched = Signal.like(self.vector, reset_less=True)
        for lane in range(LANES):
            shifted = self.column[lane // 3] if lane % 3 == 2 else marched[lane + 1]
            takes = self.token.window & ~(self.token.clear & (lane % 3 < 2))
            with m.If(self.token.move):
                m.d.sync += marched[lane].eq(Mux(takes, shifted, self.vector[lane]))
        m.d.comb += march.eq(marched)

        # Second to seventh clock: the products and their sum.
        terms = []
        for lane in range(LANES):
            factor = delayed(m, march[lane], 1, name=f"activation_{lane}")
            weight = weights[8 * lane:8 * lane + 8].as_signed()
            product = Signal(signed(16), name=f"product_{lane}", reset_less=True)
            m.d.sync += product.eq(factor * weight)
            terms.append(product)
        level = 0
        while len(terms) > 1:
            level += 1
            terms = [self._sum(m, terms[index:index + 2], f"sum_{level}_{index // 2}")
                     for index in range(0, len(terms), 2)]
        dot, = terms

        # Eighth: accumulated. Ninth: with its bias.
        steps = delayed(m, token, 6, name="token", reset_less=False)
        sum_ = Signal(signed(32), reset_less=True)
        starts = steps.first | steps.maximum
        with m.If(steps.valid & (~steps.maximum | steps.first | (dot > sum_))):
            m.d.sync += sum_.eq(Mux(starts, 0, sum_) + dot)
        address = delayed(m, token.parameter, 5, name="parameter_address")
        read = self._memory(m, "parameters", PARAMETER_LAYOUT.size, self.config.parameter_words,
                            self.write_parameters, address)
        early = Signal(PARAMETER_LAYOUT, name="parameters_early")
        parameters = Signal(PARAMETER_LAYOUT, name="parameters_late", reset_less=True)
        m.d.comb += early.eq(read)
        total = Signal(signed(32), reset_less=True)
        m.d.sync += [parameters.eq(early), total.eq(sum_ + early.bias)]

        m.submodules.requantise = requantise = Requantise()
        context = delayed(m, steps.context, 10, name="context")
        clamp = Signal(Clamp, reset_less=True)
        m.d.sync += clamp.eq(self.clamps[context])
        late_clamp = delayed(m, clamp, 1, name="late_clamp")
        m.d.comb += [
            requantise.total.eq(total),
            requantise.multiplier.eq(parameters.multiplier),
            requantise.shift.eq(parameters.shift),
            requantise.single_rounding.eq(parameters.single_rounding),
            requantise.zero_point.eq(clamp.zero_point),
            requantise.minimum.eq(late_clamp.minimum),
            requantise.maximum.eq(late_clamp.maximum),
            self.o.eq(requantise.o),
            self.o_valid.eq(delayed(m, steps.valid & steps.last, 13, name="last",
                                    reset_less=False)),
            self.o_context.eq(delayed(m, context, 3, name="late_context")),
        ]
        return m

    def _memory(self, m: Module, name: str, bits: int, depth: int, write_enable: Value,
                address: Value) -> Value:
        m.submodules[name] = words = BlockMemory(bits, depth=depth)
        m.d.sync += [words.write_address.eq(self.program.index),
                     words.write_word.eq(self.program.data),
                     words.write_enable.eq(write_enable)]
        m.d.comb += words.address.eq(address)
        return words.word

    @staticmethod
    def _sum(m: Module, terms: list, name: str) -> Signal:
        value = terms[0] if len(terms) == 1 else terms[0] + terms[1]
        register = Signal(value.shape(), name=name, reset_less=True)
        m.d.sync += register.eq(value)
        return register
