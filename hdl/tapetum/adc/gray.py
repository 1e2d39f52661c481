# SPDX-License-Identifier: Apache-2.0
"""The count in which neighbours differ by one bit, so that a torn sample is off by one at most."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["GrayCounter", "gray_decode", "gray_encode"]


def gray_encode(value: Value) -> Value:
    """Reflected binary code of an unsigned value, of the same width."""
    return value ^ (value >> 1)


def gray_decode(code: Value) -> Value:
    """Binary value of a reflected binary code, of the same width."""
    return Cat(code[bit:].xor() for bit in range(len(code)))


class GrayCounter(wiring.Component):
    """Counts clocks; its output changes one bit at a time and comes straight from registers.

    Parameters
    ----------
    width : int
        Bits, at least 2.

    Members
    -------
    clear : In(1)
        Back to 0; wins over ``enable``.
    enable : In(1)
    gray : Out(width)
        Gray code of the count, one clock late.
    """

    def __init__(self, width: int):
        if width < 2:
            raise ValueError(f"a Gray counter needs at least two bits, not {width}.")
        self.width = width
        super().__init__({"clear": In(1), "enable": In(1), "gray": Out(width)})

    def elaborate(self, platform):
        m = Module()
        count = Signal(self.width)
        with m.If(self.clear):
            m.d.sync += count.eq(0)
        with m.Elif(self.enable):
            m.d.sync += count.eq(count + 1)
        m.d.sync += self.gray.eq(gray_encode(count))
        return m
