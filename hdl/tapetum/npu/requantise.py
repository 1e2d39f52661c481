# SPDX-License-Identifier: Apache-2.0
"""From a 32-bit sum to an 8-bit activation, exactly as the reference kernels do it."""

from typing import NamedTuple

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

    No long number is rounded. The product is shifted first, and what is lost decides whether one
    is added to the byte. With b for the bit that the first rounding looks at, 0 if it does not
    round, a for the last bit that the second shift drops, and r for those between::

        b = 0:  one is added if a, unless r is all zeros, y1 negative and the rounding double
        b = 1:  one is added if a, or if r is all ones and y1 is not negative

    Latency `latency_cycles`, one sum per clock.

    Members
    -------
    total : In(signed(32))
    multiplier : In(31)
    multiplier_sum : In(17)
        Its lower 16 bits plus its upper 15.
    shift : In(5)
        To the right, after the multiplication's 31.
    single_rounding : In(1)
        These five belong to one sum and come in one clock.
    zero_point, minimum, maximum : In(signed(8))
        Taken `offset_cycles` after the sum they belong to; minimum and maximum a clock later.
    o : Out(signed(8))

    Source: gemmlowp's SaturatingRoundingDoublingHighMul and RoundingDivideByPOT, as in TensorFlow
    Lite's reference kernels.
    """

    latency_cycles = 13
    offset_cycles = 10

    def __init__(self):
        super().__init__({
            "total": In(signed(32)),
            "multiplier": In(31),
            "multiplier_sum": In(17),
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

        # First to seventh clock: the product. Two registers on both sides of each multiplier, the
        # inner ones part of it: it may stand far from the adders.
        total_low, total_high = self.total[:16], self.total[16:].as_signed()
        multiplier_low, multiplier_high = self.multiplier[:16], self.multiplier[16:]
        low_t, high_t, sum_t, low_m, high_m, sum_m = (
            delayed(m, register(shape, name, value), 1, name=f"{name}_later")
            for shape, name, value in (
                (16, "low_t", total_low), (signed(16), "high_t", total_high),
                (signed(18), "sum_t", total_high + total_low), (16, "low_m", multiplier_low),
                (15, "high_m", multiplier_high), (17, "sum_m", self.multiplier_sum)))
        low, high, cross = (
            delayed(m, register(shape, name, value), 1, name=f"{name}_later")
            for shape, name, value in (
                (32, "low", low_t * low_m), (signed(31), "high", high_t * high_m),
                (signed(34), "cross", sum_t * sum_m)))
        cross_less_high = register(signed(34), "cross_less_high", cross - high)
        low = delayed(m, low, 1, name="low_kept")
        middle = register(signed(34), "middle", cross_less_high - low)
        outer = Cat(delayed(m, low[16:], 1, name="low_end"), delayed(m, high, 2, name="high_end"))
        # Bits 15 and up of this sum are those from 31 of the product.
        product = register(signed(47), "product", outer.as_signed() + middle)

        # Eighth to tenth: shifted by 16, by 8 and 4, by 2 and 1.
        shift = delayed(m, self.shift, 7, name="shift")
        single = delayed(m, self.single_rounding, 7, name="single")
        rounds = register(1, "rounds", (self.shift == 0) | ~self.single_rounding)
        below = product[14] & delayed(m, rounds, 6, name="rounds")
        shifted = _Shifted(product[15:46], product[46], below, last=C(0, 1), differs=C(0, 1),
                           outside=C(0, 1))
        for name, steps in (("coarse", (4,)), ("middling", (3, 2)), ("fine", (1, 0))):
            for bit in steps:
                shifted = shifted.by(bit, shift[bit])
            shifted = _Shifted(*(register(len(value), f"{name}_{index}", value)
                                 for index, value in enumerate(shifted)))
            shift = delayed(m, shift, 1, name=f"shift_{name}")
            single = delayed(m, single, 1, name=f"single_{name}")

        # Eleventh: rounded and moved. Twelfth and thirteenth: clamped.
        below, last, differs, sign = shifted.below, shifted.last, shifted.differs, shifted.sign
        up = Mux(below, ~last | ~(differs | sign), last & (differs | ~sign | single))
        moved = register(signed(11), "moved", Cat(C(1, 1), shifted.bits, sign).as_signed()
                         + Cat(up, self.zero_point).as_signed())[1:].as_signed()
        outside, sign = (delayed(m, value, 1, name=name) for value, name in (
            (shifted.outside, "outside"), (sign, "sign")))
        # Nine bits tell, but where the tenth differs: that is beyond every byte, as ``outside`` is.
        # The sign of a difference takes fewer tables than a comparison of signed numbers.
        beyond, negative = outside | (moved[9] ^ moved[8]), Mux(outside, sign, moved[9])
        near = moved[:9].as_signed()
        under = register(1, "under", Mux(beyond, negative, (near - self.minimum)[-1]))
        over = register(1, "over", Mux(beyond, ~negative, (self.maximum - near)[-1]))
        minimum, maximum = (delayed(m, value, 1, name=name) for value, name in (
            (self.minimum, "late_minimum"), (self.maximum, "late_maximum")))
        inside = delayed(m, moved[:8], 1, name="inside")
        m.d.sync += self.o.eq(Mux(under, minimum, Mux(over, maximum, inside)))
        return m


class _Shifted(NamedTuple):
    """A number on its way to the right.

    Members
    -------
    bits, sign
        Only as many as can still reach the byte; ``outside`` if another one differs from the sign.
    below
        As `Requantise` calls it b.
    last
        Whether the last bit that was shifted out differs from ``below``.
    differs
        Whether any before it does.
    """

    bits: Value
    sign: Value
    below: Value
    last: Value
    differs: Value
    outside: Value

    def by(self, exponent: int, shifts: Value) -> "_Shifted":
        """Shifted by 2**exponent, or not; smaller steps follow."""
        step = 1 << exponent
        reach = 8 + step - 1
        lost = self.bits[:step - 1] ^ self.below.replicate(step - 1) if exponent else C(0, 1)
        further = Cat(self.bits, self.sign.replicate(step))[step:]
        return self._replace(
            bits=Mux(shifts, further[:reach], self.bits[:reach]),
            last=Mux(shifts, self.bits[step - 1] ^ self.below, self.last),
            differs=self.differs | (shifts & (self.last | lost.any())),
            outside=self.outside | (~shifts & (
                self.bits[reach:] ^ self.sign.replicate(len(self.bits) - reach)).any()))
