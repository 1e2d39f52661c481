# SPDX-License-Identifier: Apache-2.0
"""Closed forms of signal and noise, to hold measurements against."""

from dataclasses import dataclass
from math import log10, sqrt

from tapetum.config import DieConfig

from .parameters import PixelDieParameters

__all__ = ["CaptureExpectation", "expect_capture"]

QUANTISATION_VARIANCE_LSB = 1 / 6
"""Two independent roundings of one code each."""


@dataclass(frozen=True, kw_only=True)
class CaptureExpectation:
    """Mean and temporal noise of one pixel in one capture; dark current is noise, not signal.

    Row noise is left out: correction removes most of it.
    """

    signal_electrons: float
    dark_electrons: float
    noise_electrons: float
    mean_codes: float
    noise_codes: float
    saturated: bool

    @property
    def snr_db(self) -> float:
        """Signal-to-noise ratio; minus infinity without signal or where saturated."""
        if self.saturated or self.signal_electrons <= 0:
            return -float("inf")
        return 20 * log10(self.signal_electrons / self.noise_electrons)


def expect_capture(config: DieConfig, parameters: PixelDieParameters, capture: int,
                   electrons_per_second: float, *, temperature_celsius: float = 25.0,
                   exposure_s: float | None = None) -> CaptureExpectation:
    """What a pixel delivers for a rate of electrons of the large photodiode."""
    settings = config.captures[capture]
    if exposure_s is None:
        exposure_s = config.exposure_cycles(settings) / config.sync_clock_hz
    per_code = config.electrons_per_code(settings)
    signal = electrons_per_second * exposure_s * config.pixel.sensitivity(settings.photodiode)
    dark = parameters.dark_current(settings.photodiode, temperature_celsius) * exposure_s
    shot = signal + dark if parameters.shot_noise else 0.0
    variance = (shot + parameters.read_noise_electrons(settings) ** 2
                + QUANTISATION_VARIANCE_LSB * per_code ** 2)
    full_scale = min(config.pixel.full_well_electrons(settings.photodiode),
                     (config.adc.signal_counts - config.adc.nominal_reset_trip_counts) * per_code)
    return CaptureExpectation(
        signal_electrons=signal, dark_electrons=dark, noise_electrons=sqrt(variance),
        mean_codes=(signal + dark) / per_code, noise_codes=sqrt(variance) / per_code,
        saturated=signal + dark >= full_scale)
