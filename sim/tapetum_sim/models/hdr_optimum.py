# SPDX-License-Identifier: Apache-2.0
"""What no combination can beat: inverse-variance weights, and the ideal integrator of a lamp.

Floating point, from the physics of the pixel; nothing here knows how the die combines.
Light is given in electrons that it frees in the first capture.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapetum.config import CaptureConfig, DieConfig

from ..scenes.pulse import PulseTrain

__all__ = ["draw_codes", "lamp_fractions", "optimal_electrons", "within_share"]

QUANTISATION_VARIANCE = 2 / 12
"""Of a correlated double sample in codes squared: both samples are rounded."""


def draw_codes(config: DieConfig, electrons: ArrayLike, generator: np.random.Generator
               ) -> NDArray[np.int64]:
    """Corrected codes (captures, ...) of pixels with all temporal noise.

    Parameters
    ----------
    electrons : array (captures, ...)
        Mean light during each capture, in electrons of the first capture. Captures that share a
        charge transfer share its photons and take those of the first of them.
    """
    electrons = np.asarray(electrons, dtype=np.float64)
    codes = np.empty(electrons.shape, dtype=np.int64)
    adc, scale = config.adc, 1 << config.hdr.fraction_bits
    for group in config.exposure_groups:
        first = config.captures[min(group.captures)]
        full_well = config.pixel.full_well_electrons(first.photodiode)
        mean = electrons[min(group.captures)] / config.exposure_ratio(first)
        charge = np.minimum(generator.poisson(np.minimum(mean, 4 * full_well)), full_well)
        for index in group.captures:
            gain = config.electrons_per_code(config.captures[index])
            noise = _read_noise(config, config.captures[index]) / gain / np.sqrt(2)
            reset = generator.random(charge.shape)
            samples = [np.rint(reset + level + noise * generator.standard_normal(charge.shape))
                       for level in (0, charge / gain)]
            code = np.clip(samples[1] - samples[0] + adc.pedestal_codes, 0, adc.maximum_code)
            codes[index] = np.where(code == adc.maximum_code, (adc.maximum_code + 1) * scale - 1,
                                    code * scale)
    return codes


def optimal_electrons(config: DieConfig, codes: NDArray[np.int64], electrons: float,
                      cut_off_codes: int) -> NDArray[np.float64]:
    """The best linear unbiased estimate from `codes` (captures, pixels) of one level of light.

    It knows the variance of each capture at that level, and which captures share their photons.
    Captures from `cut_off_codes` above black on are left out; the least sensitive stays.
    """
    ratios = np.array([config.exposure_ratio(capture) for capture in config.captures])
    gains = np.array([config.electrons_per_code(capture) for capture in config.captures])
    group_of = {index: group.index for group in config.exposure_groups
                for index in group.captures}
    shared = np.array([[group_of[i] == group_of[j] for j in group_of]
                       for i in sorted(group_of)])[:, np.argsort(list(group_of))]
    covariance = shared * electrons * ratios + np.diag(ratios ** 2 * [
        _read_noise(config, capture) ** 2 + QUANTISATION_VARIANCE * gain ** 2
        for capture, gain in zip(config.captures, gains, strict=True)])

    above_black = codes / (1 << config.hdr.fraction_bits) - config.adc.pedestal_codes
    estimates = above_black * (gains * ratios)[:, None]
    used = above_black < cut_off_codes
    used[np.argmax(ratios * gains)] = True
    result = np.empty(codes.shape[1])
    for subset in np.unique(used, axis=1).T:
        chosen = np.flatnonzero(subset)
        weights = np.linalg.solve(covariance[np.ix_(chosen, chosen)], np.ones(len(chosen)))
        pixels = (used == subset[:, None]).all(axis=0)
        result[pixels] = weights / weights.sum() @ estimates[chosen][:, pixels]
    return result


def lamp_fractions(config: DieConfig, frequency_hz: ArrayLike, duty: float, phase: ArrayLike
                   ) -> NDArray[np.float64]:
    """Share of each capture's exposure in which a lamp is lit, (captures, ...) by broadcasting.

    ``phase`` is that at the end of the first exposure, as all of a row end with their reads.
    """
    frequency_hz, phase = np.broadcast_arrays(frequency_hz, phase)
    fractions = []
    for capture in config.captures:
        end_s = capture.lag_lines * config.line_time_s
        start_s = end_s - config.exposure_cycles(capture) / config.sync_clock_hz
        fractions.append(np.vectorize(
            lambda f, p, start=start_s, end=end_s: PulseTrain(
                frequency_hz=float(f), duty=duty, phase=float(p)).on_fraction(start, end)
        )(frequency_hz, phase))
    return np.array(fractions)


def within_share(integral: ArrayLike, mean: ArrayLike, tolerance: float,
                 axis: int | tuple[int, ...] = -1) -> NDArray[np.float64]:
    """Modulation mitigation: share of frames and phases with ``|I / mean - 1| < tolerance``."""
    deviation = np.asarray(integral) / np.asarray(mean) - 1
    return np.mean(np.abs(deviation) < tolerance, axis=axis)


def _read_noise(config: DieConfig, capture: CaptureConfig) -> float:
    return config.pixel.read_noise_electrons(capture.photodiode, capture.conversion_gain)
