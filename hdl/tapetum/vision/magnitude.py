# SPDX-License-Identifier: Apache-2.0
"""From a sum to the place of its mean on the tone curve."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed
from .settings import RECIPROCAL_BITS
from .tone_table import FRACTION_BITS, LINEAR_BITS, SEGMENTS

__all__ = ["Magnitude"]

_KEPT = RECIPROCAL_BITS
_POSITION_BITS = FRACTION_BITS + 2
"""Within an octave."""


class Magnitude(wiring.Component):
    """Divides by the area, in floating point, and finds the segment of the curve.

    ::

        mean = sum / (cells * 2**pixels_log2)
        position = segment + fraction / 256

    The sum is cut to its 18 leading bits, multiplied by the reciprocal's 18, and the product is cut
    to eleven bits: within 0.1 % below the true mean. Four segments span each octave from 2 up;
    below, four span 0 to 2. Latency `latency_cycles`, one sum per clock.

    Parameters
    ----------
    sum_bits : int

    Members
    -------
    valid : In(1), sum : In(sum_bits), pixels_log2 : In(2)
    reciprocal : In(18), reciprocal_shift : In(5)
        See `VisionSettings`.
    segment : Out, fraction : Out(8)
        Hold still while nothing valid comes through.
    """

    latency_cycles = 8

    def __init__(self, sum_bits: int):
        # Wide enough for whole digits; what is above is never lit.
        self.sum_bits, self.width = sum_bits, 64 if sum_bits > 48 else 48
        super().__init__({
            "valid": In(1), "sum": In(sum_bits), "pixels_log2": In(2),
            "reciprocal": In(RECIPROCAL_BITS), "reciprocal_shift": In(5),
            "segment": Out(range(SEGMENTS)), "fraction": Out(FRACTION_BITS),
        })

    def elaborate(self, platform):
        m = Module()
        # In which clocks something comes through.
        moves = [self.valid]
        for clock in range(1, self.latency_cycles):
            moves.append(delayed(m, moves[-1], 1, name=f"moves_{clock}", reset_less=False))

        # Clocks 1 to 3: the leading one to the top, by sixteens, by fours, by ones.
        mantissa: Value = Cat(Const(0, self.width - self.sum_bits), self.sum)
        shifted: Value = Const(0)
        for clock, (unit, count) in enumerate(((16, self.width // 16), (4, 4), (1, 4))):
            # What later shifts may still bring into the leading bits.
            kept = _KEPT + unit - 1
            padded, top = Cat(Const(0, kept), mantissa), kept + len(mantissa)
            leading, further = (Signal(width, name=f"{name}_{unit}", reset_less=True)
                                for name, width in (("leading", kept), ("further", 6)))
            with m.If(moves[clock]):
                m.d.sync += [leading.eq(padded[top - unit * (count - 1) - kept:]),
                             further.eq(shifted + unit * (count - 1))]
                for n in reversed(range(count - 1)):
                    with m.If(padded[top - unit * (n + 1):top - unit * n].any()):
                        m.d.sync += [leading.eq(padded[top - unit * n - kept:]),
                                     further.eq(shifted + unit * n)]
            mantissa, shifted = leading, further

        # Clock 4: the quotient, and its exponent if it is below one times a power of two.
        product = Signal(2 * _KEPT, reset_less=True)
        exponent, divisor = Signal(signed(8), reset_less=True), Signal(6, reset_less=True)
        pixels_log2 = delayed(m, self.pixels_log2, 2, name="pixels_log2")
        m.d.sync += divisor.eq(self.reciprocal_shift + pixels_log2)
        with m.If(moves[3]):
            m.d.sync += [product.eq(mantissa * self.reciprocal),
                         exponent.eq(self.sum_bits - 1 - shifted - divisor)]

        # Clock 5: octave of the mean, and what is below its leading one.
        octave = Signal(signed(8), reset_less=True)
        below, is_black = Signal(_POSITION_BITS, reset_less=True), Signal(reset_less=True)
        with m.If(moves[4]):
            m.d.sync += is_black.eq(~product[-2:].any())
            with m.If(product[-1]):
                m.d.sync += [octave.eq(exponent + 1), below.eq(product[-1 - _POSITION_BITS:-1])]
            with m.Else():
                m.d.sync += [octave.eq(exponent), below.eq(product[-2 - _POSITION_BITS:-2])]

        # Clocks 6 and 7: below 2 the scale is linear.
        is_low, is_high, back = (Signal(name="is_low", reset_less=True),
                                 Signal(name="is_high", reset_less=True),
                                 Signal(4, reset_less=True))
        octave_6, below_6 = Signal(5, reset_less=True), Signal.like(below, reset_less=True)
        position = Signal(5 + _POSITION_BITS, reset_less=True)
        with m.If(moves[5]):
            m.d.sync += [
                is_low.eq(is_black | (octave < 1)), is_high.eq(~is_black & (octave >= LINEAR_BITS)),
                back.eq(Mux(is_black | (octave < -_POSITION_BITS), _POSITION_BITS + 1, 1 - octave)),
                octave_6.eq(octave), below_6.eq(below),
            ]
        with m.If(moves[6]):
            m.d.sync += position.eq(Cat(below_6, octave_6))
            with m.If(is_low):
                m.d.sync += position.eq(Cat(below_6, C(1, 1)) >> back)
            with m.If(is_high):
                m.d.sync += position.eq(~0)

        # Clock 8
        with m.If(moves[7]):
            m.d.sync += Cat(self.fraction, self.segment).eq(position)
            with m.If(position >= SEGMENTS << FRACTION_BITS):
                m.d.sync += [self.segment.eq(SEGMENTS - 1), self.fraction.eq(~0)]
        return m
