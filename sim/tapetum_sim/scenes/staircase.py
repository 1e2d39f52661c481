# SPDX-License-Identifier: Apache-2.0
"""Every column its own light level: a whole curve of signal against noise in one frame."""

import numpy as np

from tapetum.config import DieConfig

from .measured import MeasuredScene

__all__ = ["Staircase"]


class Staircase(MeasuredScene):
    """Columns from dark to beyond saturation in even logarithmic steps, all rows alike.

    If saturation is given, one column of sixteen is kept for the tenth below it, where even steps
    would be wider than what is looked for.

    Parameters
    ----------
    faintest, brightest, saturation : float, the last optional
        Electrons per second of the large photodiode.

    Members
    -------
    dark_columns : int
        Columns at the left that see nothing.
    rates : float64 array (columns,)
        Electrons per second of the large photodiode.
    """

    def __init__(self, config: DieConfig, faintest: float, brightest: float,
                 saturation: float | None = None):
        super().__init__(config, "staircase")
        self.dark_columns = max(2, self.columns // 64)
        fine = np.zeros(0)
        if saturation is not None:
            fine = np.geomspace(0.9 * saturation, saturation, self.columns // 16)
        coarse = np.geomspace(faintest, brightest,
                              self.columns - self.dark_columns - len(fine))
        self.rates = np.concatenate([
            np.zeros(self.dark_columns), np.sort(np.concatenate([coarse, fine]))])

    def row_radiance(self, row: int, start_s: float, end_s: float) -> np.ndarray:
        return self.rates.copy()
