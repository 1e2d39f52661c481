# SPDX-License-Identifier: Apache-2.0
"""A sharp edge that crosses the picture: where captures of different exposures disagree most."""

import numpy as np

from tapetum.config import DieConfig

from .measured import MeasuredScene

__all__ = ["MovingEdge"]


class MovingEdge(MeasuredScene):
    """Bright stripes on a dark ground that travel to the right; exposures are exact.

    Parameters
    ----------
    dark, bright : float
        Electrons per second of the large photodiode.
    pixels_per_second : float
    stripe_pixels : int
        Width of a stripe and of the gap between two.
    """

    def __init__(self, config: DieConfig, *, dark: float, bright: float,
                 pixels_per_second: float, stripe_pixels: int):
        super().__init__(config, "moving edge")
        self.dark, self.bright = dark, bright
        self.pixels_per_second, self.stripe_pixels = pixels_per_second, stripe_pixels

    def row_radiance(self, row: int, start_s: float, end_s: float) -> np.ndarray:
        # A pixel sees stripes pass as a lamp's pulses, blurred over its own width.
        left = np.arange(self.columns) - self.pixels_per_second * start_s
        lit = _lit(left, left + 1, self.pixels_per_second * (end_s - start_s), self.stripe_pixels)
        return self.dark + (self.bright - self.dark) * lit


def _lit(left, right, travel, stripe):
    """Share of light on pixels ``[left, right)`` over which the stripes move by ``travel``."""
    if travel <= 0:
        return (_covered(right, stripe) - _covered(left, stripe)) / (right - left)
    moved = (_area(right, stripe) - _area(right - travel, stripe)
             - _area(left, stripe) + _area(left - travel, stripe))
    return moved / (travel * (right - left))


def _covered(x, stripe):
    """Length of stripes in ``[0, x)``: the first lies in ``[0, stripe)``."""
    whole = np.floor(x / (2 * stripe))
    return whole * stripe + np.minimum(x - whole * 2 * stripe, stripe)


def _area(x, stripe):
    """Integral of `_covered` from 0 to x."""
    whole = np.floor(x / (2 * stripe))
    rest = x - whole * 2 * stripe
    within = np.where(rest < stripe, rest ** 2 / 2, stripe ** 2 / 2 + (rest - stripe) * stripe)
    return stripe ** 2 * whole * (whole + 0.5) + whole * stripe * rest + within
