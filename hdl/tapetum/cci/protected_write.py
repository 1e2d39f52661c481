# SPDX-License-Identifier: Apache-2.0
"""Bytes that wait for the code behind them."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..registers.bus import ACCESS_INTERVAL_CYCLES

__all__ = ["MOST_BYTES", "ProtectedWrite"]

MOST_BYTES = 4
"""Of one write with a packet error code: as many as the widest register has."""


class ProtectedWrite(wiring.Component):
    """Keeps what is written until its transfer ends, and lets it pass if the code was right.

    The last byte taken is the code itself and goes nowhere. Bytes leave one after the other,
    `ACCESS_INTERVAL_CYCLES` apart.

    Members
    -------
    enable : In(1)
    take : In(1), byte : In(8)
        A byte behind the index.
    ends : In(1), right : In(1)
        The transfer ends, and nothing was wrong with it.
    write : Out(1), data : Out(8)
        Strobe: write this to the next register.
    refused : Out(1)
        Pulse: the code is wrong, or there are more than `MOST_BYTES`.
    """

    enable: In(1)
    take: In(1)
    byte: In(8)
    ends: In(1)
    right: In(1)
    write: Out(1)
    data: Out(8)
    refused: Out(1)

    def elaborate(self, platform):
        m = Module()
        taken = Signal(range(MOST_BYTES + 3))
        kept = Array(Signal(8, name=f"kept_{index}", reset_less=True)
                     for index in range(MOST_BYTES))
        passing, spacing = Signal(range(MOST_BYTES + 1)), Signal(range(ACCESS_INTERVAL_CYCLES))
        next_ = Signal(range(MOST_BYTES))
        m.d.comb += self.data.eq(kept[next_])
        m.d.sync += [self.refused.eq(0), self.write.eq(0), spacing.eq(spacing - 1)]
        with m.If(self.take & self.enable):
            with m.If(taken < MOST_BYTES):
                m.d.sync += kept[taken[:2]].eq(self.byte)
            with m.If(taken < MOST_BYTES + 2):
                m.d.sync += taken.eq(taken + 1)
        with m.If(self.write):
            m.d.sync += next_.eq(next_ + 1)
        with m.If((passing != 0) & (spacing == 0)):
            m.d.sync += [self.write.eq(1), passing.eq(passing - 1)]
        with m.If(self.ends):
            m.d.sync += taken.eq(0)
            with m.If(taken != 0):
                m.d.sync += [next_.eq(0), spacing.eq(0)]
                with m.If(self.right & (taken <= MOST_BYTES + 1)):
                    m.d.sync += passing.eq(taken - 1)
                with m.Else():
                    m.d.sync += [passing.eq(0), self.refused.eq(1)]
        return m
