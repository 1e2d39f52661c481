# SPDX-License-Identifier: Apache-2.0
"""How much pixels differ by noise alone: thresholds over the level of the signal."""

from math import ceil, sqrt

from amaranth import *
from amaranth.lib import data

from ...config import CaptureConfig, DieConfig
from ...pixel import corrected_bits

__all__ = ["LEVELS", "NoiseThresholds", "ThresholdWrite", "default_thresholds", "level_of",
           "noise_codes"]

LEVELS = 192
"""Three ranges of 64 steps; a capture's entries lie 256 apart."""
RANGE_STEPS_LOG2 = 6
RANGE_RATIO_LOG2 = 3
DEFECT_SIGMAS = 3.5
SUPPORT_SIGMAS = 6.0
ESTIMATE_SIGMAS = 0.3
"""The level itself is an estimate: near black, thresholds allow for one that came out low."""
RESPONSE_SPREAD = 0.01
"""Pixels respond differently: relative, one standard deviation."""


class NoiseThresholds(data.StructLayout):
    """What exceeds noise at one level, in corrected codes.

    Members
    -------
    defect
        A pixel this much beyond its neighbours is defective.
    support
        Neighbours that differ by more than this show a picture.
    """

    def __init__(self, config: DieConfig):
        bits = corrected_bits(config)
        super().__init__({"defect": bits, "support": bits})


class ThresholdWrite(data.StructLayout):
    """One entry of the table."""

    def __init__(self, config: DieConfig):
        super().__init__({"capture": 2, "level": 8, "thresholds": NoiseThresholds(config)})


def noise_codes(config: DieConfig, capture: CaptureConfig, signal: float) -> float:
    """Standard deviation of a corrected code at ``signal`` corrected codes above black.

    Shot noise, read noise, quantisation and the spread of the response.
    """
    scale = 1 << config.hdr.fraction_bits
    codes = signal / scale
    per_code = config.electrons_per_code(capture)
    read = config.pixel.read_noise_electrons(capture.photodiode, capture.conversion_gain)
    variance = ((read / per_code) ** 2 + codes / per_code + (RESPONSE_SPREAD * codes) ** 2
                + 1 / 12)
    return scale * sqrt(variance)


def default_thresholds(config: DieConfig) -> list[list[dict[str, int]]]:
    """Thresholds by capture and level, for the noise a little above the end of each level."""
    largest = (1 << corrected_bits(config)) - 1

    def entry(capture: CaptureConfig, level: int) -> dict[str, int]:
        end = _end_of_level(config, level)
        sigma = noise_codes(config, capture,
                            end + ESTIMATE_SIGMAS * noise_codes(config, capture, end))
        return {"defect": min(largest, ceil(DEFECT_SIGMAS * sigma)),
                "support": min(largest, ceil(SUPPORT_SIGMAS * sigma))}

    return [[entry(capture, level) for level in range(LEVELS)] for capture in config.captures]


def _end_of_level(config: DieConfig, level: int) -> float:
    reach, step = divmod(level, 1 << RANGE_STEPS_LOG2)
    span = 2.0 ** (corrected_bits(config) - RANGE_RATIO_LOG2 * (2 - reach))
    return (step + 1) * span / (1 << RANGE_STEPS_LOG2)


def level_of(code: Value, config: DieConfig) -> Value:
    """The level of a corrected code, 8 bits; a few LUT, for one clock.

    The signal is what exceeds the pedestal, which is 1/64 of the scale: only the upper six bits
    change. Three ranges, each 8 times as wide as the one below, of 64 steps: where noise grows
    fastest, near black, a step is 1/4096 of the scale.
    """
    bits = corrected_bits(config)
    upper, lower = code[bits - RANGE_STEPS_LOG2:], code[:bits - RANGE_STEPS_LOG2]
    above_black = upper.any()
    signal = Cat(lower & above_black.replicate(len(lower)), (upper - above_black)[:len(upper)])
    # Narrow codes are widened below, so that the finest range has its 64 steps.
    padding = max(0, 2 * RANGE_STEPS_LOG2 - bits)
    signal = Cat(Const(0, padding), signal)

    def step(reach: int) -> Value:
        top = len(signal) - RANGE_RATIO_LOG2 * (2 - reach)
        return signal[top - RANGE_STEPS_LOG2:top]

    coarse, middle = signal[-3:].any(), signal[-6:].any()
    return Mux(coarse, Cat(step(2), Const(0b10, 2)),
               Mux(middle, Cat(step(1), Const(0b01, 2)), Cat(step(0), Const(0b00, 2))))
