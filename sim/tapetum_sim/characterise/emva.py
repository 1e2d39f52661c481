# SPDX-License-Identifier: Apache-2.0
"""Fixed-pattern noise of single captures by EMVA 1288, computed by the `emva1288` package."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import sqrt

import numpy as np

__all__ = ["FixedPatternNoise", "fixed_pattern_noise"]

EXPOSURE_S = 0.01
"""A label: one exposure, so that its value does not matter."""

_DROPPED = "asfarray"


@dataclass(frozen=True, kw_only=True)
class FixedPatternNoise:
    """DSNU in codes, PRNU in percent; 0 where it is too small to be told from noise."""

    dsnu_column: float
    dsnu_row: float
    dsnu_pixel: float
    prnu_column: float
    prnu_row: float
    prnu_pixel: float


def fixed_pattern_noise(dark: np.ndarray, bright: np.ndarray) -> FixedPatternNoise:
    """Split the spatial noise of flat fields into columns, rows and pixels.

    Parameters
    ----------
    dark, bright : integer arrays (frames, rows, columns)
        Flat fields without light and at half of the range; at least two frames each.
    """
    with _numpy_1_name():
        from emva1288.process import Data1288, Results1288, routines

        stacks = {0.0: routines.get_int_imgs(list(dark)),
                  1.0: routines.get_int_imgs(list(bright))}
        pairs = {light: routines.get_int_imgs(list(images[:2]))
                 for light, images in ((0.0, dark), (1.0, bright))}
        temporal = {light: {"sum": pair["sum"].sum(), "pvar": pair["pvar"].sum(),
                            "dmean": pair["dmean"]} for light, pair in pairs.items()}
        data = Data1288({"height": dark.shape[1], "width": dark.shape[2],
                         "temporal": {EXPOSURE_S: temporal}, "spatial": {EXPOSURE_S: stacks}})
        judged = Results1288(data.data)
        signal = judged.spatial["avg_mean"] - judged.spatial["avg_mean_dark"]
        return FixedPatternNoise(
            dsnu_column=_root(judged.s_2_y_col_dark), dsnu_row=_root(judged.s_2_y_row_dark),
            dsnu_pixel=_root(judged.s_2_y_pixel_dark),
            prnu_column=100 * _root(judged.s_2_y_col - judged.s_2_y_col_dark) / signal,
            prnu_row=100 * _root(judged.s_2_y_row - judged.s_2_y_row_dark) / signal,
            prnu_pixel=100 * _root(judged.s_2_y_pixel - judged.s_2_y_pixel_dark) / signal)


def _root(variance: float) -> float:
    """The standard's variances are differences, and negative where only noise is left."""
    return sqrt(max(0.0, float(variance)))


@contextmanager
def _numpy_1_name() -> Iterator[None]:
    """emva1288 1.0.2 still calls a function that numpy 2 dropped."""
    if hasattr(np, _DROPPED):
        yield
        return
    setattr(np, _DROPPED, lambda values: np.asarray(values, float))
    try:
        yield
    finally:
        delattr(np, _DROPPED)
