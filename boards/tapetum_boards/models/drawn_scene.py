# SPDX-License-Identifier: Apache-2.0
"""What `DrawnScene` draws, as arrays."""

import numpy as np

from tapetum.config import PixelArrayConfig

from ..pixel_die.drawn_scene import CHART_PATCHES, DRAWN_SCENES, Tables
from ..pixel_die.radiance import encode_radiance

__all__ = ["drawn_scene"]


def drawn_scene(array: PixelArrayConfig, scene: DRAWN_SCENES) -> np.ndarray:
    """Words of `Radiance` at the active pixels: uint16, rows x columns."""
    rows, columns = np.mgrid[:array.rows, :array.columns]
    dark, lit = Tables.SIGN.value
    dots = (rows % 8 < 5) & (columns % 8 < 5)
    sign = encode_radiance(np.where(dots, lit, dark), lamp=dots)
    if scene is DRAWN_SCENES.STEP_CHART:
        across, down = CHART_PATCHES
        patch = (np.minimum(rows // (array.rows // down), down - 1) * across
                 + np.minimum(columns // (array.columns // across), across - 1))
        return encode_radiance(np.array(Tables.CHART.value)[patch])
    if scene is DRAWN_SCENES.TUNNEL_EXIT:
        distance = np.maximum(_from_middle(rows, array.rows), _from_middle(columns, array.columns))
        reciprocal = (1 << 12) // max(array.rows // 16, 1)
        depth = np.minimum(distance * reciprocal >> 12, 31)
        walls = encode_radiance(np.array(Tables.TUNNEL.value)[depth])
        return np.where((rows < array.rows // 4) & (columns >= array.columns * 11 // 16), sign,
                        walls)
    return sign


def _from_middle(places: np.ndarray, size: int) -> np.ndarray:
    return np.where(places >= size // 2, places - size // 2, size // 2 - 1 - places)
