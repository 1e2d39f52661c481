# SPDX-License-Identifier: Apache-2.0
"""The pixel die: light on a row in, the counts at which its comparators trip out."""

from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from tapetum.config import DieConfig

from ..scenes.scene import Scene
from .fixed_pattern import Defect, FixedPattern
from .noise import NoiseKind, NoiseSource, poisson
from .parameters import PixelDieParameters
from .programmed_levels import programmed_codes

__all__ = ["PixelDie"]

ROWS_KEPT = 64


class PixelDie:
    """Behavioural pixel die of a configuration, looking at a scene.

    Rows are physical: test rows, optical-black rows, active rows; columns are optical-black,
    then active. Everything random depends on the seed, the frame, the row and the capture only,
    so rows may be asked for in any order and more than once.

    Parameters
    ----------
    config : DieConfig
    scene : Scene
        Must have the size of the active array.
    parameters : PixelDieParameters, optional
    seed : int
    temperature_celsius : float or callable
        Of the die; a callable gives it for each frame number.

    Members
    -------
    fixed_pattern : FixedPattern
        The truth about columns and pixels.
    defects : tuple of Defect
    """

    def __init__(self, config: DieConfig, scene: Scene,
                 parameters: PixelDieParameters | None = None, *, seed: int = 0,
                 temperature_celsius: float | Callable[[int], float] = 25.0):
        array = config.array
        if (scene.rows, scene.columns) != (array.rows, array.columns):
            raise ValueError(f"the scene has {scene.columns}x{scene.rows} pixels, but the array "
                             f"{array.columns}x{array.rows}; make the scene for this "
                             f"configuration.")
        self.config, self.scene = config, scene
        self.parameters = parameters or PixelDieParameters()
        _check_positions(config, self.parameters)
        self._temperature = temperature_celsius
        self._noise = NoiseSource(seed)
        self.fixed_pattern = FixedPattern(config, self.parameters, self._noise)
        self._group = [next(group.index for group in config.exposure_groups
                            if index in group.captures)
                       for index in range(len(config.captures))]
        self._lsb12 = config.adc.signal_counts / 4096
        self._electrons: OrderedDict[tuple, np.ndarray] = OrderedDict()
        self._reset_levels: OrderedDict[tuple, np.ndarray] = OrderedDict()

    @property
    def defects(self) -> tuple[Defect, ...]:
        return self.fixed_pattern.defects

    def temperature_celsius(self, frame: int) -> float:
        return self._temperature(frame) if callable(self._temperature) else self._temperature

    def reset_trip_codes(self, frame: int, array_row: int, capture: int) -> np.ndarray:
        """Count of the reset ramp at which each comparator trips; ``reset_counts``: never.

        Returns int64 of shape ``(total_columns,)``.
        """
        limit = self.config.adc.reset_counts
        level = self._reset_level(frame, array_row, capture) + self._read_noise(
            NoiseKind.RESET_READ, frame, array_row, capture)
        codes = _count(level, limit)
        codes[list(self.parameters.stuck_comparators)] = limit
        return codes

    def signal_trip_codes(self, frame: int, array_row: int, capture: int, start_s: float,
                          end_s: float) -> np.ndarray:
        """Count of the signal ramp at which each comparator trips; ``2**bits``: never.

        ``[start_s, end_s)`` is the integration that the transfer ends. Captures that convert
        one transfer at two gains see the same electrons. Returns int64, ``(total_columns,)``.
        """
        limit = self.config.adc.signal_counts
        codes = self._photo_codes(frame, array_row, capture, start_s, end_s)
        generator = self._noise.stream(NoiseKind.SIGNAL_READ, capture, array_row, frame)
        row_noise = self.parameters.row_noise_lsb12 * self._lsb12 * generator.standard_normal()
        read_noise = self._half_read_noise(capture) * generator.standard_normal(codes.size)
        fixed = self.fixed_pattern
        difference = fixed.column_gain * codes + fixed.column_offset[capture] + row_noise
        difference[list(self.parameters.dead_columns)] = 0
        level = self._reset_level(frame, array_row, capture) + difference + read_noise
        codes = _count(level, limit)
        codes[list(self.parameters.stuck_comparators)] = limit
        return codes

    def expected_electrons(self, frame: int, array_row: int, capture: int, start_s: float,
                           end_s: float) -> np.ndarray:
        """Mean electrons, light and dark current, before shot noise and full well.

        Float64, shape ``(total_columns,)``.
        """
        config, array, fixed = self.config, self.config.array, self.fixed_pattern
        photodiode = config.captures[capture].photodiode
        temperature = self.temperature_celsius(frame)
        duration = end_s - start_s
        warming = self.parameters.warming(temperature)
        electrons = duration * (
            self.parameters.dark_current(photodiode, temperature) * fixed.dark[array_row]
            + warming * fixed.hot[array_row]).astype(np.float64)
        if array_row >= array.dark_rows and duration > 0:
            gain = (self.scene.electrons_per_second * duration
                    * config.pixel.sensitivity(photodiode))
            light = self.scene.row_radiance(array_row - array.dark_rows, start_s, end_s)
            active = slice(array.optical_black_columns, None)
            electrons[active] += gain * light * fixed.response[array_row, active]
        return electrons

    def electrons(self, frame: int, array_row: int, capture: int, start_s: float,
                  end_s: float) -> np.ndarray:
        """Electrons that the transfer moves: with shot noise, clipped at the full well."""
        key = (frame, array_row, self._group[capture], start_s, end_s)
        return _remember(self._electrons, key, lambda: self._draw_electrons(
            frame, array_row, capture, start_s, end_s))

    def _draw_electrons(self, frame, array_row, capture, start_s, end_s) -> np.ndarray:
        mean = self.expected_electrons(frame, array_row, capture, start_s, end_s)
        full_well = self.config.pixel.full_well_electrons(self.config.captures[capture].photodiode)
        if self.parameters.shot_noise:
            # Far beyond the full well the exact number does not matter.
            mean = np.minimum(mean, 4 * full_well)
            stream = self._noise.stream(NoiseKind.PHOTONS, self._group[capture], array_row, frame)
            mean = poisson(stream, mean)
        return np.minimum(mean, full_well)

    def _photo_codes(self, frame, array_row, capture, start_s, end_s) -> np.ndarray:
        """Codes above the reset level, before the column's own errors."""
        config = self.config
        if array_row < config.array.test_rows:
            return np.full(config.array.total_columns, programmed_codes(config, array_row))
        if array_row in self.parameters.dead_rows:
            return np.zeros(config.array.total_columns)
        codes = (self.electrons(frame, array_row, capture, start_s, end_s)
                 / config.electrons_per_code(config.captures[capture]))
        stuck = self.fixed_pattern.stuck[array_row]
        return np.where(np.isnan(stuck), codes, stuck * config.adc.full_well_codes)

    def _reset_level(self, frame, array_row, capture) -> np.ndarray:
        """Reset level with its kTC noise, the same in both samples."""
        def draw():
            stream = self._noise.stream(NoiseKind.RESET, capture, array_row, frame)
            noise = stream.standard_normal(self.config.array.total_columns)
            return (self.config.adc.nominal_reset_trip_counts + self.fixed_pattern.column_reset
                    + self.parameters.reset_noise_lsb12 * self._lsb12 * noise)

        return _remember(self._reset_levels, (frame, array_row, capture), draw)

    def _half_read_noise(self, capture: int) -> float:
        """Codes of read noise in each of the two samples."""
        config = self.config.captures[capture]
        return (self.parameters.read_noise_electrons(config) / np.sqrt(2)
                / self.config.electrons_per_code(config))

    def _read_noise(self, kind, frame, array_row, capture) -> np.ndarray:
        stream = self._noise.stream(kind, capture, array_row, frame)
        return self._half_read_noise(capture) * stream.standard_normal(
            self.config.array.total_columns)


def _count(level: np.ndarray, limit: int) -> np.ndarray:
    return np.clip(np.rint(level), 0, limit).astype(np.int64)


def _remember(cache: OrderedDict, key: tuple, draw: Callable[[], np.ndarray]) -> np.ndarray:
    if key not in cache:
        cache[key] = draw()
        if len(cache) > ROWS_KEPT:
            cache.popitem(last=False)
    return cache[key]


def _check_positions(config: DieConfig, parameters: PixelDieParameters) -> None:
    for name, limit in (("dead_columns", config.array.total_columns),
                        ("dead_rows", config.array.total_rows),
                        ("stuck_comparators", config.array.total_columns)):
        for position in getattr(parameters, name):
            if not 0 <= position < limit:
                raise ValueError(f"{name} holds {position}, but the array has {limit}.")
