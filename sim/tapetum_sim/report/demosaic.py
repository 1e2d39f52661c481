# SPDX-License-Identifier: Apache-2.0
"""A colour picture from a mosaic, for the eye: reports only, never measurements."""

import numpy as np

from tapetum.config import ColourFilter

__all__ = ["demosaic"]

_CHANNEL = {"r": 0, "g": 1, "b": 2}


def demosaic(mosaic: np.ndarray, colour_filter: ColourFilter) -> np.ndarray:
    """Bilinear interpolation; ``(rows, columns)`` in, float64 ``(rows, columns, 3)`` out."""
    mosaic = np.asarray(mosaic, np.float64)
    if colour_filter is ColourFilter.MONO:
        return np.repeat(mosaic[..., None], 3, axis=2)
    colours = np.empty((*mosaic.shape, 3))
    order = np.array([_CHANNEL[letter] for letter in colour_filter.value]).reshape(2, 2)
    channel = np.tile(order, (mosaic.shape[0] // 2 + 1, mosaic.shape[1] // 2 + 1))
    channel = channel[:mosaic.shape[0], :mosaic.shape[1]]
    for plane in range(3):
        present = (channel == plane).astype(np.float64)
        weight = _smooth(present)
        colours[..., plane] = np.where(channel == plane, mosaic, _smooth(mosaic * present) / weight)
    return colours


def _smooth(image: np.ndarray) -> np.ndarray:
    """Weigh each pixel and its neighbours 1 2 1 in both directions; borders mirror."""
    padded = np.pad(image, 1, mode="reflect")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    return rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]
