# SPDX-License-Identifier: Apache-2.0
"""A weighted mean of two values."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Blend"]


class Blend(wiring.Component):
    """``upper + (((lower - upper) * weight + 128) >> 8)``: never outside its two values.

    Latency 4 clocks, one pixel per clock.

    Members
    -------
    lower, upper : In(signed(25))
    weight : In(9)
        Share of ``lower``, 0 to 256.
    value : Out(signed(25))
    """

    latency_cycles = 4

    lower: In(signed(25))
    upper: In(signed(25))
    weight: In(9)
    value: Out(signed(25))

    def elaborate(self, platform):
        m = Module()
        difference = Signal(signed(26), reset_less=True)
        weight = Signal(9, reset_less=True)
        uppers = [self.upper]
        for stage in range(3):
            later = Signal(signed(25), name=f"upper_{stage + 1}", reset_less=True)
            m.d.sync += later.eq(uppers[-1])
            uppers.append(later)
        # Two products that fit a multiplier each; their sum has a clock of its own.
        product_high = Signal(signed(13 + 9 + 1), reset_less=True)
        product_low = Signal(13 + 9, reset_less=True)
        correction = Signal(signed(26), reset_less=True)
        m.d.sync += [
            difference.eq(self.lower - self.upper), weight.eq(self.weight),
            product_high.eq(difference[13:].as_signed() * weight),
            product_low.eq(difference[:13] * weight),
            correction.eq(((product_high << 13) + product_low + 128) >> 8),
            self.value.eq(uppers[-1] + correction),
        ]
        return m
