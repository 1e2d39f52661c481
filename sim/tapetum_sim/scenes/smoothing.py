# SPDX-License-Identifier: Apache-2.0
"""Box and Gaussian smoothing of pictures; borders are extended by their own value."""

import numpy as np

__all__ = ["box_mean", "gaussian_blur"]


def box_mean(image: np.ndarray, radius: int) -> np.ndarray:
    """Mean over ``2 * radius + 1`` pixels along rows and columns."""
    size = 2 * radius + 1
    for axis in (0, 1):
        padding = [(0, 0)] * image.ndim
        padding[axis] = (radius + 1, radius)
        sums = np.pad(image, padding, mode="edge").cumsum(axis=axis)
        upper = np.take(sums, np.arange(size, sums.shape[axis]), axis=axis)
        lower = np.take(sums, np.arange(sums.shape[axis] - size), axis=axis)
        image = (upper - lower) / size
    return image


def gaussian_blur(image: np.ndarray, sigma_px: float) -> np.ndarray:
    """Gaussian along rows and columns, cut at four sigma."""
    radius = max(1, int(4 * sigma_px + 0.5))
    weight = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma_px) ** 2)
    weight /= weight.sum()
    for axis in (0, 1):
        padding = [(0, 0)] * image.ndim
        padding[axis] = (radius, radius)
        padded = np.pad(image, padding, mode="edge")
        length = image.shape[axis]
        image = sum((w * np.take(padded, np.arange(k, k + length), axis=axis)
                     for k, w in enumerate(weight)), start=np.zeros(image.shape))
    return image
