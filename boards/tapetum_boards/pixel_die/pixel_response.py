# SPDX-License-Identifier: Apache-2.0
"""From the radiance at a pixel to the code at which its comparator trips."""

from math import isqrt

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tapetum.config import AdcConfig

from .radiance import MANTISSA_BITS, Radiance
from .scale import SCALE_MANTISSA_BITS, Scale

__all__ = ["FRACTION_BITS", "RESPONSE_LATENCY_CYCLES", "SCALE_SHIFT", "SHOT_TABLE",
           "PixelResponse"]

FRACTION_BITS = 4
"""Below a code, while levels and noise are added up."""
SCALE_SHIFT = 48
RESPONSE_LATENCY_CYCLES = 6
_SHOT_ENTRIES = 64
_SHOT_STEP_BITS = 8
SHOT_TABLE = tuple(isqrt((place << _SHOT_STEP_BITS) + (1 << _SHOT_STEP_BITS - 1))
                   for place in range(_SHOT_ENTRIES))
"""Square root of a signal in 1/16 codes, by its upper bits."""


class PixelResponse(wiring.Component):
    """One column a clock.

    ::

        radiance * scale >> 48 ─► at most full well, + shot noise ─► + level + read noise ─► trip

    Latency: 6 clocks for ``radiance``, ``scale`` and the noise alike. Throughput: one per clock.

    Parameters
    ----------
    config : AdcConfig

    Members
    -------
    radiance : In(Radiance)
    steady, lamp : In(Scale)
        Of all light, and of the lamp's; still during a pass.
    full_well : In(bits + 5)
        In 1/16 codes.
    driven : In(1), driven_level : In(bits + 5)
        A level that the pixel die drives in place of what the photodiode gives.
    shot, read : In(signed(6))
        See `NoiseGenerator`.
    shot_shift, read_shift : In(3)
        Noise is divided by that power of two.
    level : In(bits + 5)
        Reset level of the column in 1/16 codes.
    trip : Out(bits + 1)
        ``2**bits``: never.
    """

    def __init__(self, config: AdcConfig):
        self.config = config
        bits = config.bits + 1 + FRACTION_BITS
        super().__init__({
            "radiance": In(Radiance), "steady": In(Scale), "lamp": In(Scale),
            "full_well": In(bits), "driven": In(1), "driven_level": In(bits),
            "shot": In(signed(6)), "read": In(signed(6)),
            "shot_shift": In(3), "read_shift": In(3),
            "level": In(bits), "trip": Out(config.bits + 1),
        })

    def elaborate(self, platform):
        m = Module()
        radiance, bits = self.radiance, self.config.bits + 1 + FRACTION_BITS
        scale = Signal(Scale)
        m.d.comb += scale.eq(Mux(radiance.lamp, self.lamp, self.steady))

        def later(signal: Value, clocks: int, name: str) -> Value:
            for stage in range(clocks):
                register = Signal.like(signal, name=f"{name}_{stage}", reset_less=True)
                m.d.sync += register.eq(signal)
                signal = register
            return signal

        # 1: the product, and how far it is to be shifted
        product = Signal(MANTISSA_BITS + SCALE_MANTISSA_BITS, reset_less=True)
        shift = Signal(signed(8), reset_less=True)
        m.d.sync += [product.eq(radiance.mantissa * scale.mantissa),
                     shift.eq(SCALE_SHIFT - scale.exponent - radiance.exponent)]

        # 2: shifted by eights
        coarse = Signal.like(product, reset_less=True)
        fine, above = Signal(3, reset_less=True), Signal(reset_less=True)
        m.d.sync += [
            fine.eq(shift[:3]), above.eq((shift < 0) & product.any()),
            coarse.eq(Mux(shift[3:] >= 3, 0, product >> (shift[3:5] << 3))),
        ]

        # 3: shifted by the rest, and full
        shifted = Signal.like(product)
        signal = Signal(bits, reset_less=True)
        m.d.comb += shifted.eq(coarse >> fine)
        driven, driven_level = later(self.driven, 2, "driven"), later(
            self.driven_level, 2, "driven_level")
        with m.If(driven):
            m.d.sync += signal.eq(driven_level)
        with m.Elif(above | (shifted > self.full_well)):
            m.d.sync += signal.eq(self.full_well)
        with m.Else():
            m.d.sync += signal.eq(shifted)

        # 4: what arrives in photons comes in uneven numbers
        table = Array(SHOT_TABLE)
        place = Signal(range(_SHOT_ENTRIES))
        upper = signal >> _SHOT_STEP_BITS
        m.d.comb += place.eq(Mux(upper >= _SHOT_ENTRIES, _SHOT_ENTRIES - 1, upper))
        shot = Signal(signed(16), reset_less=True)
        collected = Signal(bits, reset_less=True)
        m.d.sync += [
            shot.eq(Mux(later(self.driven, 3, "driven_as_well"), 0,
                        later(self.shot, 3, "shot") * table[place])),
            collected.eq(signal),
        ]

        # 5: ... but no well holds more than it can
        noisy = Signal(signed(bits + 2))
        electrons = Signal(bits, reset_less=True)
        m.d.comb += noisy.eq(collected + (shot >> self.shot_shift))
        driven = later(driven, 2, "driven_still")
        with m.If(noisy < 0):
            m.d.sync += electrons.eq(0)
        with m.Elif((noisy > self.full_well) & ~driven):
            m.d.sync += electrons.eq(self.full_well)
        with m.Else():
            m.d.sync += electrons.eq(noisy)

        # 6: the comparator's own
        level = Signal(signed(bits + 3))
        counts = Signal(signed(bits + 3 - FRACTION_BITS))
        m.d.comb += [
            level.eq(electrons + later(self.level, 5, "level")
                     + (later(self.read, 5, "read") >> self.read_shift)
                     + (1 << FRACTION_BITS - 1)),
            counts.eq(level >> FRACTION_BITS),
        ]
        never = 1 << self.config.bits
        with m.If(counts < 0):
            m.d.sync += self.trip.eq(0)
        with m.Elif(counts >= never):
            m.d.sync += self.trip.eq(never)
        with m.Else():
            m.d.sync += self.trip.eq(counts)
        return m
