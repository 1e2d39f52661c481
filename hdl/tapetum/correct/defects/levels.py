# SPDX-License-Identifier: Apache-2.0
"""How much pixels differ by noise alone: thresholds over the level of the signal."""

from math import ceil, sqrt

from amaranth import *
from amaranth.lib import data

from ...config import CaptureConfig, DieConfig
from ...pixel import corrected_bits

__all__ = ["LEVELS", "NoiseThresholds", "ThresholdWrite", "default_thresholds", "level_of",
           "noise_codes"]

LEVELS = 256
FINEST_STEP_LOG2 = 12
"""The finest levels are 1/4096 of the scale wide."""
DEFECT_SIGMAS = 3.6
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
    """Signal above black, in corrected codes, at which a level ends; 0 below black."""
    fine, step = level < 128, level % 64
    share = (level + 1) / 4096 if fine else (step + 1) / (512 if level < 192 else 64)
    return max(0.0, (share - 1 / 64) * (1 << corrected_bits(config)))


def level_of(code: Value, config: DieConfig) -> Value:
    """The level of a corrected code, 8 bits; a few LUT.

    Three ranges of codes: up to 1/32 of the scale, twice the pedestal, in 128 steps, for noise
    grows fastest near black; up to 1/8 in steps 8 times as wide; then 8 times as wide again.
    """
    # Narrow codes are widened below, so that the finest range has its steps.
    padding = max(0, FINEST_STEP_LOG2 - corrected_bits(config))
    code = Cat(Const(0, padding), code)
    coarse, middle = code[-3:].any(), code[-5:].any()
    return Mux(coarse, Cat(code[-6:], Const(0b11, 2)),
               Mux(middle, Cat(code[-9:-3], Const(0b10, 2)),
                   Cat(code[-FINEST_STEP_LOG2:-5], Const(0, 1))))
