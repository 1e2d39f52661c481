# SPDX-License-Identifier: Apache-2.0
"""The least noise that any weighting of the captures could have: closed form, no model of the RTL.

Within an exposure group both conversions see the same electrons, so that only their read noises
average; groups are independent of each other. Weights are inverse to variances.
"""

import numpy as np

from tapetum.config import CaptureConfig, DieConfig

from ..pixel_die import PixelDieParameters

__all__ = ["CUT_OFF", "conversion_variance", "optimum_noise", "optimum_snr_db"]

CUT_OFF = 15 / 16
"""Share of the full-well codes up to which a capture counts as unsaturated."""

ROUNDINGS_VARIANCE = 2 / 12
"""In codes: the reset and the signal sample are each rounded."""


def conversion_variance(config: DieConfig, parameters: PixelDieParameters,
                        capture: CaptureConfig) -> float:
    """Variance in electrons of the capture that does not come from the electrons themselves."""
    per_code = config.electrons_per_code(capture)
    return parameters.read_noise_electrons(capture) ** 2 + ROUNDINGS_VARIANCE * per_code ** 2


def optimum_noise(config: DieConfig, parameters: PixelDieParameters, electrons,
                  temperature_celsius: float = 25.0) -> np.ndarray:
    """Noise of the best combination, in electrons of the first capture; inf where all saturate.

    Parameters
    ----------
    electrons : array
        Signal that the first capture would collect, dark current left out.
    """
    signal = np.asarray(electrons, np.float64)
    precision = np.zeros(signal.shape)
    for group in config.exposure_groups:
        captures = [config.captures[index] for index in group.captures]
        ratio = config.exposure_ratio(captures[0])
        exposure_s = config.exposure_cycles(captures[0]) / config.sync_clock_hz
        own = signal / ratio + exposure_s * parameters.dark_current(
            captures[0].photodiode, temperature_celsius)
        read_precision = np.zeros(signal.shape)
        for capture in captures:
            usable = own < CUT_OFF * config.adc.full_well_codes * config.electrons_per_code(capture)
            read_precision += usable / conversion_variance(config, parameters, capture)
        shot = own if parameters.shot_noise else np.zeros(signal.shape)
        with np.errstate(divide="ignore"):
            precision += 1 / (shot + 1 / read_precision) / ratio ** 2
    with np.errstate(divide="ignore"):
        return 1 / np.sqrt(precision)


def optimum_snr_db(config: DieConfig, parameters: PixelDieParameters, electrons) -> np.ndarray:
    """Signal-to-noise ratio of the best combination; minus infinity where all saturate."""
    signal = np.asarray(electrons, np.float64)
    with np.errstate(divide="ignore"):
        return 20 * np.log10(signal / optimum_noise(config, parameters, signal))
