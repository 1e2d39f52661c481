# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the column converters: trip codes of a row to its codes."""

import numpy as np

from tapetum.config import DieConfig

__all__ = ["convert_row", "output_columns"]


def convert_row(config: DieConfig, reset_trips: np.ndarray, signal_trips: np.ndarray, *,
                column_start: int = 0, column_end: int | None = None, column_skip: int = 0,
                flip_columns: bool = False) -> np.ndarray:
    """Codes of one row in order of output.

    Parameters
    ----------
    reset_trips, signal_trips : int arrays, (total_columns,)
        Ramp code at which each comparator trips; anything beyond its ramp never trips.
    column_start, column_end, column_skip, flip_columns
        As in the frame settings.

    Returns
    -------
    uint16 array
        Optical-black columns first, then the region of interest.
    """
    reset = np.minimum(np.asarray(reset_trips, np.int64), config.adc.reset_counts)
    signal = np.asarray(signal_trips, np.int64)
    codes = np.clip(signal - reset + config.adc.pedestal_codes, 0, config.adc.maximum_code)
    codes[signal >= config.adc.signal_counts] = config.adc.maximum_code
    chosen = output_columns(config, column_start=column_start, column_end=column_end,
                            column_skip=column_skip, flip_columns=flip_columns)
    return codes[chosen].astype(np.uint16)


def output_columns(config: DieConfig, *, column_start: int = 0, column_end: int | None = None,
                   column_skip: int = 0, flip_columns: bool = False) -> np.ndarray:
    """Physical columns in order of output; skipping keeps one colour pair of 1, 2 or 4."""
    black = config.array.optical_black_columns
    last = config.array.columns - 1 if column_end is None else column_end
    active = np.arange(column_start, last + 1)
    active = active[((active - column_start) // 2) % (1 << column_skip) == 0]
    if flip_columns:
        active = active[::-1]
    return np.concatenate([np.arange(black), black + active])
