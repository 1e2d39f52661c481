# SPDX-License-Identifier: Apache-2.0
"""Grey scenes made to be measured: what every pixel receives is known in closed form."""

from abc import ABC, abstractmethod

import numpy as np

from tapetum.config import DieConfig

from .tone_map import tone_map

__all__ = ["MeasuredScene"]


class MeasuredScene(ABC):
    """A `Scene` whose radiance is in electrons per second of the large photodiode.

    Grey: a colour filter makes no difference. A subclass gives `row_radiance`.
    """

    electrons_per_second = 1.0
    notices: tuple[str, ...] = ()

    def __init__(self, config: DieConfig, name: str):
        self.name = name
        self.rows, self.columns = config.array.rows, config.array.columns

    @abstractmethod
    def row_radiance(self, row: int, start_s: float, end_s: float) -> np.ndarray:
        """Mean electrons per second of each pixel of a row over ``[start_s, end_s)``."""

    def truth(self, start_s: float, end_s: float) -> np.ndarray:
        return np.stack([self.row_radiance(row, start_s, end_s) for row in range(self.rows)])

    def picture(self, start_s: float = 0.0, end_s: float = 1 / 60) -> np.ndarray:
        grey = self.truth(start_s, end_s)
        return tone_map(np.repeat(grey[..., None], 3, axis=2))
