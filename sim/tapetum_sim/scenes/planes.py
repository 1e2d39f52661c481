# SPDX-License-Identifier: Apache-2.0
"""Colour planes of a scene, and which of them each pixel of the mosaic sees."""

import numpy as np

from tapetum.config import ColourFilter

__all__ = ["BLUE", "GREEN", "LUMINANCE", "LUMINANCE_WEIGHTS", "PLANES", "RED", "plane_of_pixel",
           "stack_planes"]

RED, GREEN, BLUE, LUMINANCE = range(4)
PLANES = 4
LUMINANCE_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
"""Rec. 709: what a pixel without a filter sees of red, green and blue."""


def stack_planes(rgb: np.ndarray) -> np.ndarray:
    """``(rows, columns, 3)`` to ``(4, rows, columns)``: red, green, blue, luminance."""
    return np.concatenate([np.moveaxis(rgb, -1, 0), (rgb @ LUMINANCE_WEIGHTS)[None]])


def plane_of_pixel(colour_filter: ColourFilter, columns: int) -> np.ndarray:
    """Plane that each column sees, for even and odd rows; integers, shape ``(2, columns)``."""
    if colour_filter is ColourFilter.MONO:
        return np.full((2, columns), LUMINANCE)
    letters = np.array(["rgb".index(letter) for letter in colour_filter.value]).reshape(2, 2)
    return letters[:, np.arange(columns) % 2]
