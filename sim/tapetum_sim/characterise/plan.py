# SPDX-License-Identifier: Apache-2.0
"""What a shot is to show the die, and how the die is to take it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tapetum.config import DieConfig

from ..pixel_die import PixelDie, PixelDieParameters
from ..scenes.scene import Scene
from .features import has_correction

__all__ = ["Plan", "Temperatures", "Warming", "middle_rows", "short_frame", "temporal_noise"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A series of frames.

    Parameters
    ----------
    name : str
        Also of the folder in which its recordings lie; two plans of one name are the same.
    frames : int
        All of them, those in which corrections settle included.
    registers : mapping
        What the host writes before streaming.
    temperature_celsius : float or callable
        A callable gives it for each frame number.
    """

    name: str
    scene: Scene
    parameters: PixelDieParameters
    frames: int
    registers: Mapping[str, int] = field(default_factory=dict)
    temperature_celsius: float | Callable[[int], float] = 25.0

    def pixel_die(self, config: DieConfig, seed: int) -> PixelDie:
        return PixelDie(config, self.scene, self.parameters, seed=seed,
                        temperature_celsius=self.temperature_celsius)


@dataclass(frozen=True)
class Warming:
    """Temperature of each frame: ``before`` up to frame ``step``, then ``after``."""

    before: float
    after: float
    step: int

    def __call__(self, frame: int) -> float:
        return self.after if frame >= self.step else self.before


@dataclass(frozen=True)
class Temperatures:
    """Temperature of each frame: the first up to frame ``begin``, then each for so many frames."""

    celsius: tuple[float, ...]
    begin: int
    frames_each: int

    def __call__(self, frame: int) -> float:
        step = max(0, frame - self.begin) // self.frames_each
        return self.celsius[min(step, len(self.celsius) - 1)]


def temporal_noise(config: DieConfig) -> PixelDieParameters:
    """Every noise that changes from frame to frame and nothing that does not.

    Samples of one light level may then be taken from different pixels. Row noise is part of it
    only where the die corrects it.
    """
    usual = PixelDieParameters()
    return PixelDieParameters.ideal(
        shot_noise=True,
        read_noise_high_gain_electrons=usual.read_noise_high_gain_electrons,
        read_noise_low_gain_electrons=usual.read_noise_low_gain_electrons,
        read_noise_small_electrons=usual.read_noise_small_electrons,
        reset_noise_lsb12=usual.reset_noise_lsb12,
        dark_electrons_per_second=usual.dark_electrons_per_second,
        small_dark_electrons_per_second=usual.small_dark_electrons_per_second,
        row_noise_lsb12=usual.row_noise_lsb12 if has_correction(config, "row_noise") else 0.0)


def middle_rows(config: DieConfig, rows: int) -> dict[str, int]:
    """Registers for a region of so many rows, in frames as long as ever."""
    rows = min(rows, config.array.rows)
    first = (config.array.rows - rows) // 2 // 2 * 2
    return {"y_addr_start": first, "y_addr_end": first + rows - 1}


def short_frame(config: DieConfig, rows: int = 64, exposed_rows: int | None = None
                ) -> dict[str, int]:
    """Registers for a small region in a short frame, for where exposures do not matter.

    No exposure is longer than a frame of `exposed_rows` allows, by default of `rows`.
    """
    rows = min(rows, config.array.rows)
    length = config.array.dark_rows + rows + config.largest_lag_lines + 2
    longest = config.array.dark_rows + min(rows, exposed_rows or rows) + 1
    registers = middle_rows(config, rows) | {"frame_length_lines": length}
    for group in config.exposure_groups:
        prefix = f"exposure_{group.index}_" if group.index else ""
        lines = config.captures[group.captures[0]].coarse_integration_lines
        registers[prefix + "coarse_integration_time"] = min(lines, longest)
        if lines >= longest:
            registers[prefix + "fine_integration_time"] = 0
    return registers
