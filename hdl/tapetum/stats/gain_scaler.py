# SPDX-License-Identifier: Apache-2.0
"""A gain onto the linear scale, from a quotient to mantissa and shift."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig

__all__ = ["QUOTIENT_ONE_LOG2", "GainScaler"]

QUOTIENT_ONE_LOG2 = 18
"""Quotients lie from half of this power of two to twice as much."""


class GainScaler(wiring.Component):
    """Rounds a quotient of two normalised numbers to 16 bits and adds up exponents.

    ::

        mantissa / 2**shift = quotient / 2**18 * 2**(numerator - denominator - unit_shift)

    A gain that has no such form is limited to the nearest that has. Latency `latency_cycles`.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    quotient : In(19)
    numerator, denominator : In(6), unit_shift : In(6)
    mantissa : Out(16), shift : Out(5)
    is_limited : Out(1)
        The gain is not what was asked for.
    exceeds_scale : Out(1)
        A full well lies beyond the top of the linear scale by more than 1/64.
    """

    latency_cycles = 4

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "quotient": In(QUOTIENT_ONE_LOG2 + 1),
            "numerator": In(6), "denominator": In(6), "unit_shift": In(6),
            "mantissa": Out(16), "shift": Out(5), "is_limited": Out(1), "exceeds_scale": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        is_large = self.quotient[-1]
        rounded, exponent = Signal(17, reset_less=True), Signal(signed(9), reset_less=True)
        m.d.sync += [
            rounded.eq(Mux(is_large, (self.quotient + 4) >> 3, (self.quotient + 2) >> 2)),
            exponent.eq(self.denominator - self.numerator + Mux(is_large, 15, 16)),
        ]

        mantissa, shift = Signal(16, reset_less=True), Signal(signed(9), reset_less=True)
        m.d.sync += [
            mantissa.eq(Mux(rounded[16], 1 << 15, rounded)),
            shift.eq(exponent + self.unit_shift - rounded[16]),
        ]

        with m.If(shift < 0):
            m.d.sync += [self.mantissa.eq(0xFFFF), self.shift.eq(0), self.is_limited.eq(1)]
        with m.Elif(shift > 31):
            m.d.sync += [self.mantissa.eq(1 << 15), self.shift.eq(31), self.is_limited.eq(1)]
        with m.Else():
            m.d.sync += [self.mantissa.eq(mantissa), self.shift.eq(shift), self.is_limited.eq(0)]

        limit_mantissa, limit_shift = self._limit()
        m.d.sync += self.exceeds_scale.eq(
            (self.shift < limit_shift)
            | ((self.shift == limit_shift) & (self.mantissa > limit_mantissa)))
        return m

    def _limit(self) -> tuple[int, int]:
        """The largest gain with which a full well stays on the scale."""
        codes = self.config.adc.full_well_codes << self.config.hdr.fraction_bits
        shift = 0
        while (65 << 18 << shift) // codes < 1 << 15:
            shift += 1
        return min((65 << 18 << shift) // codes, 0xFFFF), shift
