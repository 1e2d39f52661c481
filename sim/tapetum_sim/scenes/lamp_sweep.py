# SPDX-License-Identifier: Apache-2.0
"""A field of pulsed lamps for measuring: brightness x duty x frequency, every phase of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tapetum.config import DieConfig

from .measured import MeasuredScene
from .pulse import on_fraction

__all__ = ["LampCell", "LampSweep"]

CELL_COLUMNS = 80
CELL_ROWS = 8
GUARD_COLUMNS = 4
GUARD_ROWS = 2
"""Pixels at a cell's rim that are lit but not measured: the neighbours are other lamps."""


@dataclass(frozen=True, kw_only=True)
class LampCell:
    """One lamp. ``rows`` and ``columns`` are what is to be measured, one phase per column.

    ``mean_rate`` is electrons per second of the large photodiode, averaged over time.
    """

    frequency_hz: float
    duty: float
    level: int
    mean_rate: float
    rows: slice
    columns: slice


class LampSweep(MeasuredScene):
    """A grid of lamps; within each the phase runs evenly through one period from left to right.

    Neighbouring pixels differ by a small step of phase, as the light of a moving shadow would:
    nothing in it looks like a defective pixel.

    ```
     90 Hz 10 %         90 Hz 20 %            one cell: 4 | 72 phases, measured | 4 columns
     100 Hz 10 %        100 Hz 20 %                     2 rows, rows measured, 2 rows
    ```

    Parameters
    ----------
    mean_rates : sequence of float
        Brightness of the lamps, averaged over time, in electrons per second.
    duties, frequencies_hz : sequence of float

    Members
    -------
    cells : tuple of LampCell
    """

    def __init__(self, config: DieConfig, *, mean_rates: Sequence[float],
                 duties: Sequence[float], frequencies_hz: Sequence[float]):
        super().__init__(config, "lamp sweep")
        kinds = [(level, duty, frequency_hz) for level in range(len(mean_rates))
                 for duty in duties for frequency_hz in frequencies_hz]
        across = max(1, self.columns // CELL_COLUMNS)
        width = self.columns // across
        down = -(-len(kinds) // across)
        height = self.rows // down
        if height <= 2 * GUARD_ROWS or width <= 2 * GUARD_COLUMNS:
            raise ValueError(f"{len(kinds)} lamps do not fit {self.columns}x{self.rows} pixels.")
        shape = (self.rows, self.columns)
        self._frequency, self._phase = np.ones(shape), np.zeros(shape)
        self._duty, self._peak = np.ones(shape), np.zeros(shape)
        phases = width - 2 * GUARD_COLUMNS
        phase = (np.arange(width) - GUARD_COLUMNS) / phases
        cells = []
        for index, (level, duty, frequency_hz) in enumerate(kinds):
            i, j = divmod(index, across)
            rows = slice(i * height, (i + 1) * height)
            columns = slice(j * width, (j + 1) * width)
            self._frequency[rows, columns] = frequency_hz
            self._phase[rows, columns] = phase
            self._duty[rows, columns] = duty
            self._peak[rows, columns] = mean_rates[level] / duty
            cells.append(LampCell(
                frequency_hz=frequency_hz, duty=duty, level=level, mean_rate=mean_rates[level],
                rows=slice(rows.start + GUARD_ROWS, rows.stop - GUARD_ROWS),
                columns=slice(columns.start + GUARD_COLUMNS, columns.stop - GUARD_COLUMNS)))
        self.cells = tuple(cells)

    @staticmethod
    def capacity(config: DieConfig) -> int:
        """Cells for which there is room."""
        return (max(1, config.array.columns // CELL_COLUMNS)
                * max(1, config.array.rows // CELL_ROWS))

    def row_radiance(self, row: int, start_s: float, end_s: float) -> np.ndarray:
        return self._peak[row] * on_fraction(
            self._frequency[row], self._duty[row], self._phase[row], start_s, end_s)
