# SPDX-License-Identifier: Apache-2.0
"""Every code of the row camera."""

import numpy as np

from tapetum.config import DieConfig

from ..small.small_pixel_die import EXPOSURE_SHIFT, TICK_CYCLES, bar_columns

__all__ = ["small_frame"]


def small_frame(config: DieConfig, coarse_integration_lines: int) -> np.ndarray:
    """Codes of all rows and columns (uint8), the dark ones first.

    Exact where the exposure is a whole number of `TICK_CYCLES`; else a bar may be one step off.
    """
    array, adc = config.array, config.adc
    rows, columns = np.indices((array.total_rows, array.total_columns))
    steps = coarse_integration_lines * config.timing.line_length_cycles // TICK_CYCLES
    bars = (columns - array.optical_black_columns) // bar_columns(array) % 8
    bars = np.where(rows >= array.dark_rows + array.rows // 2, 7 - bars, bars)
    levels = np.minimum((steps << bars) >> EXPOSURE_SHIFT, adc.full_well_codes)
    levels[:, :array.optical_black_columns] = 0
    levels[:array.dark_rows] = 0
    driven = np.arange(array.test_rows)[:, None] % 2 * 2 + 1
    levels[:array.test_rows] = driven * adc.full_well_codes // 4
    return np.minimum(levels + adc.pedestal_codes, adc.maximum_code).astype(np.uint8)
