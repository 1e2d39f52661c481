# SPDX-License-Identifier: Apache-2.0
"""One slow calculator: product, quotient, logarithm and power of two, a bit per clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import log2

from amaranth import *
from amaranth.hdl import ValueLike
from amaranth.lib import data, enum, memory, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["LOG_ONE", "Calculation", "Calculator", "CalculatorPort", "Caller", "Operation",
           "log_shape", "logarithm_of"]

LOG_ONE = 256
"""An octave; logarithms are to base 2 with eight fractional bits."""
MANTISSA_INDEX_BITS = 7
WIDTH = 50

log_shape = signed(18)
"""Every logarithm; the range is wide enough for any sum of a few of them."""

_LOGARITHMS = [round(LOG_ONE * log2(1 + (index + 0.5) / (1 << MANTISSA_INDEX_BITS)))
               for index in range(1 << MANTISSA_INDEX_BITS)]
_POWERS = [round(LOG_ONE * 2 ** (index / LOG_ONE)) for index in range(LOG_ONE)]


def logarithm_of(value: int) -> int:
    """What the calculator makes of a constant."""
    exponent = value.bit_length() - 1
    index = (value << MANTISSA_INDEX_BITS >> exponent) - (1 << MANTISSA_INDEX_BITS)
    return LOG_ONE * exponent + _LOGARITHMS[index]


class Operation(enum.Enum, shape=2):
    """What a `Calculator` does."""

    MULTIPLY = 0
    DIVIDE = 1
    LOGARITHM = 2
    POWER = 3


class Calculation(data.Struct):
    """Operands.

    =============  =============================================================================
    ``MULTIPLY``   ``a * b + c``, 16, 32 and 16 bits
    ``DIVIDE``     ``a / b``, 50 and 32 bits; ``b`` must not be 0
    ``LOGARITHM``  of ``a``, 50 bits; 0 acts as 1
    ``POWER``      of two, ``a`` in 1/256, less than 32
    =============  =============================================================================
    """

    operation: Operation
    a: WIDTH
    b: 32
    c: 16


class CalculatorPort(wiring.Signature):
    """From a user to a `Calculator`.

    Members
    -------
    calculation : Out(Calculation), start : Out(1)
        Strobe.
    done : In(1)
        Strobe: the results stand until the next ``start``.
    value : In(50)
        Product, quotient, power; of a logarithm its operand with the leading one in bit 49.
    remainder : In(32)
    exponent : In(6)
        Of a logarithm: its whole part.
    logarithm : In(14)
    """

    def __init__(self):
        super().__init__({
            "calculation": Out(Calculation), "start": Out(1),
            "done": In(1), "value": In(WIDTH), "remainder": In(32), "exponent": In(6),
            "logarithm": In(14),
        })


class Caller:
    """Adds states to the machine of a user: ask in one, wait for the answer in the next."""

    def __init__(self, m: Module, port):
        self.m, self.port = m, port
        self._calculation = Signal(Calculation, reset_less=True)
        self._start = Signal()
        m.d.comb += [port.calculation.eq(self._calculation), port.start.eq(self._start)]
        m.d.sync += self._start.eq(0)

    @contextmanager
    def call(self, state: str, operation: Operation, a: ValueLike, b: ValueLike = 0,
             c: ValueLike = 0) -> Iterator[None]:
        """``state`` asks; the body runs when the answer is there, and must set ``m.next``."""
        m, asked = self.m, self._calculation
        with m.State(state):
            m.d.sync += [asked.operation.eq(operation), asked.a.eq(a), asked.b.eq(b),
                         asked.c.eq(c), self._start.eq(1)]
            m.next = f"{state}: wait"
        with m.State(f"{state}: wait"), m.If(self.port.done):
            yield


class Calculator(wiring.Component):
    """Works serially on one calculation at a time; takes 60 clocks at most.

    A logarithm comes from the seven bits below the leading one: exact to 0.008 octaves. A power
    is rounded to nine significant bits, then cut to an integer.

    Members
    -------
    port : In(CalculatorPort)
    """

    port: In(CalculatorPort())

    def elaborate(self, platform):
        m = Module()
        port, asked = self.port, self.port.calculation
        m.submodules.logarithms = logarithms = memory.Memory(
            shape=8, depth=len(_LOGARITHMS), init=_LOGARITHMS)
        m.submodules.powers = powers = memory.Memory(shape=9, depth=len(_POWERS), init=_POWERS)
        log_read, power_read = logarithms.read_port(), powers.read_port()

        operation = Signal(Operation)
        value, operand = Signal(WIDTH, reset_less=True), Signal(32, reset_less=True)
        high = Signal(33, reset_less=True)
        steps = Signal(range(WIDTH + 1))
        m.d.comb += [
            port.value.eq(Mux(operation == Operation.MULTIPLY, Cat(value[:16], high[:32]), value)),
            port.remainder.eq(high),
            port.exponent.eq(steps),
            log_read.addr.eq(value[WIDTH - 1 - MANTISSA_INDEX_BITS:WIDTH - 1]),
            power_read.addr.eq(value[:8]),
        ]
        total = Signal(34)
        shifted, difference = Cat(value[-1], high)[:33], Signal(signed(34))
        m.d.comb += [
            total.eq(high + Mux(value[0], operand, 0)),
            difference.eq(shifted - operand),
        ]
        with m.FSM():
            with m.State("idle"):
                with m.If(port.start):
                    m.d.sync += [
                        operation.eq(asked.operation), value.eq(asked.a),
                        operand.eq(asked.b),
                        high.eq(Mux(asked.operation == Operation.MULTIPLY, asked.c, 0)),
                    ]
                    with m.Switch(asked.operation):
                        with m.Case(Operation.MULTIPLY):
                            m.d.sync += steps.eq(16)
                            m.next = "multiply"
                        with m.Case(Operation.DIVIDE):
                            m.d.sync += steps.eq(WIDTH)
                            m.next = "divide"
                        with m.Case(Operation.LOGARITHM):
                            m.d.sync += steps.eq(WIDTH - 1)
                            m.next = "normalise"
                        with m.Case(Operation.POWER):
                            m.d.sync += steps.eq(asked.a[8:13])
                            m.next = "look up power"
            with m.State("multiply"):
                m.d.sync += [value.eq(Cat(value[1:16], total[0])), high.eq(total >> 1),
                             steps.eq(steps - 1)]
                with m.If(steps == 1):
                    m.next = "done"
            with m.State("divide"):
                m.d.sync += [value.eq(Cat(~difference[-1], value)),
                             high.eq(Mux(difference[-1], shifted, difference)),
                             steps.eq(steps - 1)]
                with m.If(steps == 1):
                    m.next = "done"
            with m.State("normalise"):
                with m.If(value[-1] | (steps == 0)):
                    m.next = "look up logarithm"
                with m.Elif((steps >= 8) & (value[-8:] == 0)):
                    m.d.sync += [value.eq(value << 8), steps.eq(steps - 8)]
                with m.Else():
                    m.d.sync += [value.eq(value << 1), steps.eq(steps - 1)]
            with m.State("look up logarithm"):
                m.next = "take logarithm"
            with m.State("take logarithm"):
                m.d.sync += port.logarithm.eq(Cat(log_read.data, steps))
                m.next = "done"
            with m.State("look up power"):
                m.next = "take power"
            with m.State("take power"):
                m.d.sync += value.eq(power_read.data)
                m.next = "shift"
            with m.State("shift"):
                m.d.sync += [value.eq(value << 1), steps.eq(steps - 1)]
                with m.If(steps == 0):
                    m.d.sync += value.eq(value >> 8)
                    m.next = "done"
            with m.State("done"):
                m.d.comb += port.done.eq(1)
                m.next = "idle"
        return m
