# SPDX-License-Identifier: Apache-2.0
"""Every column its own light level: a whole curve of signal against noise in one frame."""

import numpy as np

from tapetum.config import DieConfig

from .measured import MeasuredScene

__all__ = ["Staircase"]


class Staircase(MeasuredScene):
    """Columns from dark to beyond saturation in even logarithmic steps, all rows alike.

    Parameters
    ----------
    faintest, brightest : float
        Electrons per second of the large photodiode.

    Members
    -------
    dark_columns : int
        Columns at the left that see nothing.
    rates : float64 array (columns,)
        Electrons per second of the large photodiode.
    """

    def __init__(self, config: DieConfig, faintest: float, brightest: float):
        super().__init__(config, "staircase")
        self.dark_columns = max(2, self.columns // 64)
        steps = np.geomspace(faintest, brightest, self.columns - self.dark_columns)
        self.rates = np.concatenate([np.zeros(self.dark_columns), steps])

    def row_radiance(self, row: int, start_s: float, end_s: float) -> np.ndarray:
        return self.rates.copy()
