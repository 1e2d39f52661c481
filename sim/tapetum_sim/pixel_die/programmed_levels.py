# SPDX-License-Identifier: Apache-2.0
"""Levels that the pixel die drives in its test rows."""

from tapetum.config import DieConfig

__all__ = ["programmed_codes"]

LEVELS = (0.25, 0.75)


def programmed_codes(config: DieConfig, test_row: int) -> float:
    """Codes above the reset level that every column sees in a test row, before column errors.

    Even test rows are at a quarter, odd ones at three quarters of ``adc.full_well_codes``, in
    every capture: two points from which each column's offset and gain can be told.
    """
    return config.adc.full_well_codes * LEVELS[test_row % len(LEVELS)]
