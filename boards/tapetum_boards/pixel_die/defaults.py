# SPDX-License-Identifier: Apache-2.0
"""Settings of the pixel die that make the drawn scenes fill the range of a configuration."""

from math import ceil, frexp, log2

from tapetum.config import CaptureConfig, ConversionGain, DieConfig, Photodiode

from ..models.pixel_die import Mode
from .noise import DEVIATION
from .pixel_response import FRACTION_BITS, SCALE_SHIFT
from .radiance import MANTISSA_BITS
from .scale import SCALE_MANTISSA_BITS

__all__ = ["BRIGHTEST", "default_modes"]

BRIGHTEST = 2.0 ** (MANTISSA_BITS + 15) * 0.9
"""Radiance at which the shortest exposure is just full."""


def default_modes(config: DieConfig) -> tuple[Mode, Mode, Mode]:
    """Large photodiode at high and at low gain, small photodiode."""
    pixel = config.pixel
    shortest = min((capture for capture in config.captures
                    if capture.photodiode is Photodiode.LARGE), default=config.captures[0],
                   key=config.exposure_cycles)
    full = config.adc.full_well_codes << FRACTION_BITS
    large = full / BRIGHTEST / config.exposure_cycles(shortest)
    largest = (1 << config.adc.bits + FRACTION_BITS + 1) - 1

    def mode(photodiode: Photodiode, gain: ConversionGain) -> Mode:
        factor = {ConversionGain.LOW: 1.0, ConversionGain.HIGH: pixel.conversion_gain_ratio}[gain]
        # The small photodiode's well is larger: a code of it stands for more electrons.
        factor *= (pixel.sensitivity(photodiode) * pixel.large_full_well_electrons
                   / pixel.full_well_electrons(photodiode))
        fraction, exponent = frexp(large * factor * 2.0 ** SCALE_SHIFT)
        codes_per_electron = 1 / config.electrons_per_code(CaptureConfig(
            name="any", photodiode=photodiode, conversion_gain=gain, coarse_integration_lines=1))
        root = 2 ** (FRACTION_BITS / 2) * codes_per_electron ** 0.5
        return Mode(
            mantissa=min(round(fraction * (1 << SCALE_MANTISSA_BITS)),
                         (1 << SCALE_MANTISSA_BITS) - 1),
            exponent=exponent - SCALE_MANTISSA_BITS,
            full_well=min(round(full * (factor if gain is ConversionGain.HIGH else 1)), largest),
            # Rather too little noise than more than the die's thresholds expect.
            shot_shift=min(max(ceil(log2(DEVIATION / root)), 0), 7))

    return (mode(Photodiode.LARGE, ConversionGain.HIGH), mode(Photodiode.LARGE, ConversionGain.LOW),
            mode(Photodiode.SMALL, ConversionGain.LOW))
