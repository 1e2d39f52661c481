# SPDX-License-Identifier: Apache-2.0
"""A flat field or a shaded one, under light that is switched at known times."""

from collections.abc import Sequence

import numpy as np

from tapetum.config import DieConfig

from .measured import MeasuredScene

__all__ = ["SwitchedLight"]


class SwitchedLight(MeasuredScene):
    """All rows alike; integrals over a switch are exact.

    Parameters
    ----------
    steps : sequence of (from_s, electrons per second)
        Of the large photodiode, rising in time. The first level holds before its time as well.
    shading : array (columns,), optional
        Share of the light that each column sees; all of it by default.
    """

    def __init__(self, config: DieConfig, steps: Sequence[tuple[float, float]],
                 shading: np.ndarray | None = None):
        super().__init__(config, "switched light")
        if not steps or sorted(steps) != list(steps):
            raise ValueError("steps must rise in time, at least one.")
        self.steps = tuple(steps)
        self.shading = np.ones(self.columns) if shading is None else np.asarray(shading)

    def row_radiance(self, row: int, start_s: float, end_s: float) -> np.ndarray:
        return self.shading * self.mean_rate(start_s, end_s)

    def mean_rate(self, start_s: float, end_s: float) -> float:
        """Mean electrons per second of an unshaded column over ``[start_s, end_s)``."""
        begins = [-np.inf, *(begin for begin, _ in self.steps[1:])]
        ends = [*begins[1:], np.inf]
        overlap = [max(0.0, min(end, end_s) - max(begin, start_s))
                   for begin, end in zip(begins, ends, strict=True)]
        return sum(share * rate for share, (_, rate) in zip(overlap, self.steps, strict=True)) / (
            end_s - start_s)
