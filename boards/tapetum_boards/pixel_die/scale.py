# SPDX-License-Identifier: Apache-2.0
"""Codes per radiance for one exposure: a float from a count of clocks and a gain."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .light_meter import TIME_BITS

__all__ = ["SCALE_LATENCY_CYCLES", "SCALE_MANTISSA_BITS", "Scale", "Scaler"]

SCALE_MANTISSA_BITS = 12
SCALE_LATENCY_CYCLES = 4


class Scale(data.Struct):
    """``mantissa * 2**exponent``, the mantissa with its top bit set, or zero."""

    mantissa: SCALE_MANTISSA_BITS
    exponent: 6


class Scaler(wiring.Component):
    """``clocks * gain``, cut off behind 12 bits twice.

    Latency: 4 clocks. Throughput: one per clock.

    Members
    -------
    clocks : In(26), gain : In(Scale)
        Exponents of gains are at most 31.
    scale : Out(Scale)
    """

    clocks: In(TIME_BITS)
    gain: In(Scale)
    scale: Out(Scale)

    def elaborate(self, platform):
        m = Module()
        bits = SCALE_MANTISSA_BITS
        top, clocks = Signal(range(TIME_BITS)), Signal(TIME_BITS, reset_less=True)
        for place in range(TIME_BITS):
            with m.If(self.clocks[place]):
                m.d.sync += top.eq(place)
        m.d.sync += clocks.eq(self.clocks)

        exponent, gain = Signal(6, reset_less=True), Signal(bits, reset_less=True)
        mantissa = Signal(bits, reset_less=True)
        aligned = Signal(TIME_BITS + bits)
        m.d.comb += aligned.eq(Cat(C(0, bits - 1), clocks) >> top)
        m.d.sync += [mantissa.eq(aligned[:bits]), exponent.eq(top + self.gain.exponent),
                     gain.eq(self.gain.mantissa)]

        product, raised = Signal(2 * bits, reset_less=True), Signal(6, reset_less=True)
        m.d.sync += [product.eq(mantissa * gain), raised.eq(exponent)]

        carried = product[-1]
        m.d.sync += [
            self.scale.mantissa.eq(Mux(carried, product[bits:], product[bits - 1:-1])),
            self.scale.exponent.eq(raised + carried),
        ]
        return m
