# SPDX-License-Identifier: Apache-2.0
"""How noisy the simulated pixel die is; the pixel itself is part of the die's configuration."""

from dataclasses import dataclass, fields

from tapetum.config import CaptureConfig, ConversionGain, Photodiode

__all__ = ["PixelDieParameters"]


@dataclass(frozen=True, kw_only=True)
class PixelDieParameters:
    """Noise and faults of a pixel die. Spreads are standard deviations.

    Figures in ``lsb12`` are codes of a 12-bit converter; other resolutions scale them.

    Parameters
    ----------
    shot_noise : bool
        Whether electrons arrive at random (Poisson).
    read_noise_high_gain_electrons, read_noise_low_gain_electrons : float
        Of the large photodiode, after correlated double sampling, quantisation not included.
    read_noise_small_electrons : float
        Of the small photodiode, likewise.
    reset_noise_lsb12 : float
        kTC noise: the same in the reset and the signal sample, so that CDS cancels it.
    dark_electrons_per_second, small_dark_electrons_per_second : float
        Dark current at 25 degrees Celsius.
    dark_doubling_kelvin : float
    dark_spread : float
        Between pixels, relative (log-normal).
    photo_response_spread : float
        Between pixels, relative (PRNU).
    column_reset_spread_lsb12 : float
        Offset of a column's comparator, in both samples.
    column_offset_spread_lsb12 : float
        What remains of it after CDS; different for each capture.
    column_gain_spread : float
        Relative; the same for all captures.
    row_noise_lsb12 : float
        Common to all pixels of a conversion, its optical-black columns included.
    hot_per_million, dead_per_million, stuck_per_million : float
        Single defects among the active pixels.
    couplets_per_million : float
        Pairs of neighbouring defects among the active pixels.
    hot_electrons_per_second : float
        Median dark current of a hot pixel at 25 degrees Celsius.
    dead_columns, dead_rows : tuple of int
        Physical positions that deliver nothing: the signal equals the reset level.
    stuck_comparators : tuple of int
        Physical columns whose comparator never trips.
    """

    shot_noise: bool = True
    read_noise_high_gain_electrons: float = 1.0
    read_noise_low_gain_electrons: float = 5.0
    read_noise_small_electrons: float = 5.0
    reset_noise_lsb12: float = 6.0
    dark_electrons_per_second: float = 5.0
    small_dark_electrons_per_second: float = 5.0
    dark_doubling_kelvin: float = 8.0
    dark_spread: float = 0.2
    photo_response_spread: float = 0.005
    column_reset_spread_lsb12: float = 20.0
    column_offset_spread_lsb12: float = 2.0
    column_gain_spread: float = 0.01
    row_noise_lsb12: float = 4.0
    hot_per_million: float = 100.0
    dead_per_million: float = 20.0
    stuck_per_million: float = 10.0
    couplets_per_million: float = 10.0
    hot_electrons_per_second: float = 20_000.0
    dead_columns: tuple[int, ...] = ()
    dead_rows: tuple[int, ...] = ()
    stuck_comparators: tuple[int, ...] = ()

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, (int, float)) and not 0 <= value < float("inf"):
                raise ValueError(f"{field.name} must be 0 or greater, not {value}.")
        if self.dark_doubling_kelvin == 0:
            raise ValueError("dark_doubling_kelvin must be greater than 0.")

    @classmethod
    def ideal(cls, **changes) -> "PixelDieParameters":
        """A die without noise, dark current, spread or defects, save for ``changes``."""
        quiet: dict = {field.name: 0 for field in fields(cls)
                       if field.type in (float, "float") and field.name != "dark_doubling_kelvin"}
        return cls(**{**quiet, "shot_noise": False, **changes})

    def read_noise_electrons(self, capture: CaptureConfig) -> float:
        if capture.photodiode is Photodiode.SMALL:
            return self.read_noise_small_electrons
        if capture.conversion_gain is ConversionGain.HIGH:
            return self.read_noise_high_gain_electrons
        return self.read_noise_low_gain_electrons

    def dark_current(self, photodiode: Photodiode, temperature_celsius: float) -> float:
        """Mean dark current in electrons per second."""
        at_25 = (self.dark_electrons_per_second if photodiode is Photodiode.LARGE
                 else self.small_dark_electrons_per_second)
        return at_25 * self.warming(temperature_celsius)

    def warming(self, temperature_celsius: float) -> float:
        """Factor of every dark current against 25 degrees Celsius."""
        return 2 ** ((temperature_celsius - 25) / self.dark_doubling_kelvin)
