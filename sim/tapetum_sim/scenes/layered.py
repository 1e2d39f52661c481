# SPDX-License-Identifier: Apache-2.0
"""A still background with lamps and moving things in front: what every scene is made of."""

from collections.abc import Sequence

import numpy as np

from tapetum.config import CaptureConfig, DieConfig

from .layers import Layer, PulsedLayer
from .planes import plane_of_pixel, stack_planes
from .tone_map import tone_map

__all__ = ["LayeredScene", "largest_rate", "saturating_rate"]

HEADROOM = 0.8
"""Where a scene's bright end lands below the largest rate that some capture can measure."""


def saturating_rate(config: DieConfig, capture: CaptureConfig) -> float:
    """Electrons per second of the large photodiode at which a capture's full well is reached."""
    exposure_s = config.exposure_cycles(capture) / config.sync_clock_hz
    return (config.pixel.full_well_electrons(capture.photodiode)
            / config.pixel.sensitivity(capture.photodiode) / exposure_s)


def largest_rate(config: DieConfig) -> float:
    """Electrons per second of the large photodiode at which the last capture saturates."""
    return max(saturating_rate(config, capture) for capture in config.captures)


class LayeredScene:
    """Background radiance and the layers in front of it, back to front.

    Parameters
    ----------
    config : DieConfig
        Gives the size, the colour filter and the range that the scene should fill.
    background : array (rows, columns, 3)
        Radiance, at least 0.
    electrons_per_second : float, optional
        Electrons per second of the large photodiode for one unit of radiance. The default puts
        ``bright_end`` at 80 % of the largest rate that some capture can measure.
    bright_end : float, optional
        Radiance that should land there; the background's maximum if it is not given.
    """

    def __init__(self, config: DieConfig, name: str, background: np.ndarray, *,
                 layers: Sequence[Layer] = (), electrons_per_second: float | None = None,
                 bright_end: float | None = None, notices: Sequence[str] = ()):
        self.name = name
        self.rows, self.columns = config.array.rows, config.array.columns
        if background.shape != (self.rows, self.columns, 3):
            raise ValueError(f"background has shape {background.shape}, but the array asks for "
                             f"{(self.rows, self.columns, 3)}.")
        if electrons_per_second is not None and not electrons_per_second > 0:
            raise ValueError("electrons_per_second must be greater than 0.")
        self.layers = tuple(layers)
        self.background = np.asarray(background, np.float64)
        brightest = bright_end or float(self.background.max())
        self.electrons_per_second = (
            electrons_per_second or HEADROOM * largest_rate(config) / brightest)
        self.notices = tuple(notices)
        self._plane_of_pixel = plane_of_pixel(config.array.colour_filter, self.columns)
        self._planes = stack_planes(self.background)
        rows, columns = np.arange(self.rows)[:, None], np.arange(self.columns)
        self._mosaic = self._planes[self._plane_of_pixel[rows[:, 0] % 2], rows, columns]

    @property
    def pulsed_layers(self) -> tuple[PulsedLayer, ...]:
        return tuple(layer for layer in self.layers if isinstance(layer, PulsedLayer))

    def row_radiance(self, row: int, start_s: float, end_s: float) -> np.ndarray:
        line = self._mosaic[row].copy()
        planes = self._plane_of_pixel[row & 1]
        for layer in self.layers:
            layer.apply(line, planes, row, start_s, end_s)
        return line

    def truth(self, start_s: float, end_s: float) -> np.ndarray:
        return np.stack([self.row_radiance(row, start_s, end_s) for row in range(self.rows)])

    def colour_truth(self, start_s: float, end_s: float) -> np.ndarray:
        """Mean radiance without the colour filter; shape ``(rows, columns, 3)``."""
        colour = self.background.copy()
        for plane in range(3):
            planes = np.full(self.columns, plane)
            for row in range(self.rows):
                line = self._planes[plane, row].copy()
                for layer in self.layers:
                    layer.apply(line, planes, row, start_s, end_s)
                colour[row, :, plane] = line
        return colour

    def picture(self, start_s: float = 0.0, end_s: float = 1 / 60) -> np.ndarray:
        return tone_map(self.colour_truth(start_s, end_s))
