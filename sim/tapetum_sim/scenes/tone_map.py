# SPDX-License-Identifier: Apache-2.0
"""Local tone mapping of a linear picture for the eye: for reports, never for measurements."""

import numpy as np

from .planes import LUMINANCE_WEIGHTS
from .smoothing import box_mean

__all__ = ["srgb_decode", "srgb_encode", "tone_map"]


def srgb_encode(linear: np.ndarray) -> np.ndarray:
    """Linear light in [0, 1] to sRGB in [0, 1] (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear,
                    1.055 * np.power(linear, 1 / 2.4) - 0.055)


def srgb_decode(encoded: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] to linear light in [0, 1]."""
    return np.where(encoded <= 0.04045, encoded / 12.92,
                    np.power((encoded + 0.055) / 1.055, 2.4))


def tone_map(radiance: np.ndarray, *, contrast_decades: float = 2.0, floor: float | None = None,
             ) -> np.ndarray:
    """Compress ``(rows, columns, 3)`` or ``(rows, columns)`` radiance to an sRGB picture.

    The logarithm of the luminance is split by a guided filter (He, Sun and Tang, 2010) into a
    base, compressed to ``contrast_decades``, and detail, which is kept. ``floor`` is the smallest
    luminance that is told from black; by default the 0.1 percentile.
    """
    radiance = np.maximum(np.nan_to_num(np.asarray(radiance, np.float64)), 0)
    if radiance.ndim == 2:
        radiance = np.repeat(radiance[..., None], 3, axis=2)
    luminance = radiance @ LUMINANCE_WEIGHTS
    if not luminance.any():
        return np.zeros(radiance.shape, np.uint8)
    if floor is None:
        floor = float(np.percentile(luminance[luminance > 0], 0.1))
    log = np.log10(np.maximum(luminance, floor))
    base = _guided_filter(log, max(2, min(log.shape) // 12), 0.05)
    low, high = np.percentile(base, (0.5, 99.9))
    slope = min(1.0, contrast_decades / max(high - low, 1e-6))
    mapped = 10 ** ((base - high) * slope + (log - base))
    # Colour is weakened a little, as the eye expects of compressed contrast.
    colour = np.power(radiance / np.maximum(luminance, floor)[..., None], 0.8)
    linear = colour * mapped[..., None]
    return np.round(srgb_encode(linear) * 255).astype(np.uint8)


def _guided_filter(image: np.ndarray, radius: int, variance: float) -> np.ndarray:
    average = box_mean(image, radius)
    gain = np.maximum(box_mean(image * image, radius) - average * average, 0)
    gain = gain / (gain + variance)
    return box_mean(gain, radius) * image + box_mean(average * (1 - gain), radius)
