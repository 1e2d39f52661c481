# SPDX-License-Identifier: Apache-2.0
"""From a 32-bit sum to an 8-bit activation, exactly as the reference kernels do it."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed

__all__ = ["Requantise"]


class Requantise(wiring.Component):
    """Scales a sum by multiplier * 2**-(31 + shift), adds the zero point and clamps.

    ::

        y1 = (t * multiplier + 2**30) >> 31          single rounding: + 2**30 only if shift = 0
        y  = (y1 + 2**(shift - 1) - (y1 < 0)) >> shift           single rounding: no - (y1 < 0)
        o  = min(max(y + zero_point, minimum), maximum)

    Double rounding rounds the second time half away from zero. The product of 32 by 31 bits takes
    three multipliers of 18 bits (Karatsuba). Nothing is approximated.

    Latency `latency_cycles`, one sum per clock.

    Members
    -------
    total : In(signed(32))
    multiplier : In(31)
    shift : In(5)
        To the right, after the multiplication's 31.
    single_rounding : In(1)
        These four belong to one sum and come in one clock.
    zero_point, minimum, maximum : In(signed(8))
        Taken `offset_cycles` after the sum they belong to; minimum and maximum a clock later.
    o : Out(signed(8))

    Source: gemmlowp's SaturatingRoundingDoublingHighMul and RoundingDivideByPOT, as in TensorFlow
    Lite's reference kernels.
    """

    latency_cycles = 11
    offset_cycles = 9

    def __init__(self):
        super().__init__({
            "total": In(signed(32)),
            "multiplier": In(31),
            "shift": In(5),
            "single_rounding": In(1),
            "zero_point": In(signed(8)),
            "minimum": In(signed(8)),
            "maximum": In(signed(8)),
            "o": Out(signed(8)),
        })

    def elaborate(self, platform):
        m = Module()

        def register(shape, name, value):
            signal = Signal(shape, name=name, reset_less=True)
            m.d.sync += signal.eq(value)
            return signal

        # First to fourth clock: the product, and what rounds it.
        total_low, total_high = self.total[:16], self.total[16:].as_signed()
        multiplier_low, multiplier_high = self.multiplier[:16], self.multiplier[16:]
        low_t, high_t = register(16, "low_t", total_low), register(signed(16), "high_t", total_high)
        low_m = register(16, "low_m", multiplier_low)
        high_m = register(15, "high_m", multiplier_high)
        sum_t = register(signed(18), "sum_t", total_high + total_low)
        sum_m = register(17, "sum_m", multiplier_high + multiplier_low)
        low = register(32, "low", low_t * low_m)
        high = register(signed(32), "high", high_t * high_m)
        cross = register(signed(36), "cross", sum_t * sum_m)
        shift = delayed(m, self.shift, 2, name="shift")
        single = delayed(m, self.single_rounding, 2, name="single")
        rounds = register(1, "rounds", (self.shift == 0) | ~self.single_rounding)
        rounds = delayed(m, rounds, 1, name="rounds")

        cross_less_high = register(signed(36), "cross_less_high", cross - high)
        outer = Cat(low, high)
        outer_low = delayed(m, outer[:30], 1, name="outer_low")
        outer_high = register(signed(34), "outer_high", outer[30:].as_signed() + rounds)
        middle = register(signed(34), "middle",
                          cross_less_high - delayed(m, low, 1, name="low"))
        base = delayed(m, Cat(outer_low[16:], outer_high), 1, name="base")
        shift, single = delayed(m, shift, 2, name="shift_b"), delayed(m, single, 2, name="single_b")

        # Fifth: the product is rounded; bits 15 and up of this sum are those from 31.
        product = register(signed(48), "product", base.as_signed() + middle)
        scaled = product[15:].as_signed()
        shift, single = delayed(m, shift, 1, name="shift_c"), delayed(m, single, 1, name="single_c")

        # Sixth: half of what the second shift drops. Ones below it and a carry make it.
        ones = ~(C((1 << 32) - 1, 32) << shift)[:32]
        half_less_one = register(31, "half_less_one", ones[1:])
        carry = register(1, "carry", (shift != 0) & (single | ~product[-1]))
        scaled = delayed(m, scaled, 1, name="scaled").as_signed()
        shift = delayed(m, shift, 1, name="shift_d")

        # Seventh: rounded. Eighth and ninth: shifted.
        nudged = register(signed(33), "nudged", scaled + half_less_one + carry)
        shift = delayed(m, shift, 1, name="shift_e")
        coarse = register(signed(33), "coarse", nudged >> (shift[3:] << 3))
        fine_shift = delayed(m, shift[:3], 1, name="fine_shift")
        sign = coarse[-1]
        fine = (coarse[:16] >> fine_shift)[:8]
        # Bit 8 and all above it must equal the sign, or the value is out of every clamp's reach.
        reach = (C(0x7F, 7) << fine_shift)[:7]
        outside = Signal()
        differs = coarse.as_unsigned() ^ sign.replicate(33)
        m.d.comb += outside.eq(differs[15:].any() | (differs[8:15] & reach).any())
        limited = register(signed(9), "limited", Mux(
            outside, Cat((~sign).replicate(8), sign), Cat(fine, sign)).as_signed())

        # Tenth and eleventh: moved and clamped.
        moved = register(signed(10), "moved", limited + self.zero_point)
        with m.If(moved < self.minimum):
            m.d.sync += self.o.eq(self.minimum)
        with m.Elif(moved > self.maximum):
            m.d.sync += self.o.eq(self.maximum)
        with m.Else():
            m.d.sync += self.o.eq(moved)
        return m
