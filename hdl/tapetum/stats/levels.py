# SPDX-License-Identifier: Apache-2.0
"""Codes on a logarithmic scale: eight levels per octave."""

from math import log2

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import corrected_bits
from .arithmetic import LOG_ONE

__all__ = ["LEVELS", "LEVELS_PER_OCTAVE", "LevelOfCode", "level_of_octave",
           "logarithm_of_level", "saturation_code"]

LEVELS = 128
LEVELS_PER_OCTAVE = 8
_OCTAVES = LEVELS // LEVELS_PER_OCTAVE
SATURATED = LEVELS - 1


def saturation_code(config: DieConfig) -> int:
    """Corrected units above black from which the full well, not the light, decides."""
    return config.adc.saturation_codes << config.hdr.fraction_bits


def level_of_octave(config: DieConfig, octave: int) -> int:
    """First level of an octave of corrected units above black."""
    return max(0, LEVELS_PER_OCTAVE * (octave + _OCTAVES - corrected_bits(config)))


def logarithm_of_level(config: DieConfig, level: Value) -> Value:
    """Middle of a level, in corrected units above black."""
    middles = [round(LOG_ONE * log2(1 + (step + 0.5) / LEVELS_PER_OCTAVE))
               for step in range(LEVELS_PER_OCTAVE)]
    within = Array(Const(middle, 8) for middle in middles)[level[:3]]
    return Cat(within, level[3:]) + LOG_ONE * (corrected_bits(config) - _OCTAVES)


class LevelOfCode(wiring.Component):
    """Level 0 to 127 of the light above black.

    ::

        level = 8 * (octave + 16 - corrected_bits) + the three bits below the leading one

    so that octave 15 of the levels is the upper half of full scale. What lies below the lowest
    level, and below black, is level 0. Level 127 is saturation (all ones, or
    `AdcConfig.saturation_codes`) and nothing else. Latency `latency_cycles`, one code per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    code : In(corrected_bits)
        With the pedestal.
    level : Out(7)
    """

    latency_cycles = 4

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({"code": In(corrected_bits(config)), "level": Out(range(LEVELS))})

    def elaborate(self, platform):
        m = Module()
        bits = corrected_bits(self.config)
        pedestal = self.config.adc.pedestal_codes << self.config.hdr.fraction_bits

        light = Signal(signed(bits + 1), reset_less=True)
        at_full_scale, beyond = Signal(reset_less=True), Signal(reset_less=True)
        m.d.sync += [
            light.eq(self.code - pedestal),
            at_full_scale.eq(self.code.all()),
            beyond.eq(self.code >= pedestal + saturation_code(self.config)),
        ]

        octave, highest = Signal(range(bits), reset_less=True), Signal(range(bits))
        lit = Signal(bits, reset_less=True)
        above_black, saturated = Signal(reset_less=True), Signal(reset_less=True)
        for bit in range(bits):
            with m.If(light[bit]):
                m.d.comb += highest.eq(bit)
        m.d.sync += [
            octave.eq(highest),
            lit.eq(light[:bits]),
            above_black.eq(light > 0),
            saturated.eq(at_full_scale | beyond),
        ]

        scaled = Signal(range(LEVELS), reset_less=True)
        is_lit, is_saturated = Signal(reset_less=True), Signal(reset_less=True)
        m.d.sync += [is_lit.eq(above_black), is_saturated.eq(saturated)]
        with m.Switch(octave):
            for exponent in range(bits):
                first = LEVELS_PER_OCTAVE * (exponent + _OCTAVES - bits)
                below_leading = Cat(Const(0, 3), lit)[exponent:exponent + 3]
                with m.Case(exponent):
                    m.d.sync += scaled.eq(first | below_leading if first >= 0 else 0)

        with m.If(is_saturated):
            m.d.sync += self.level.eq(SATURATED)
        with m.Elif(~is_lit):
            m.d.sync += self.level.eq(0)
        with m.Else():
            m.d.sync += self.level.eq(scaled)
        return m
