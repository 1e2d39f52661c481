# SPDX-License-Identifier: Apache-2.0
"""The same light everywhere, switched at known times."""

from collections.abc import Sequence

import numpy as np

from tapetum.config import DieConfig

from .measured import MeasuredScene

__all__ = ["Uniform"]


class Uniform(MeasuredScene):
    """A flat field. ``steps`` are ``(from_s, electrons per second)``, rising in time.

    The first level holds before the first time as well; integrals over a switch are exact.
    """

    def __init__(self, config: DieConfig, steps: Sequence[tuple[float, float]]):
        super().__init__(config, "uniform")
        if not steps or sorted(steps) != list(steps):
            raise ValueError("steps must rise in time, at least one.")
        self.steps = tuple(steps)

    def row_radiance(self, row: int, start_s: float, end_s: float) -> np.ndarray:
        return np.full(self.columns, self.mean_rate(start_s, end_s))

    def mean_rate(self, start_s: float, end_s: float) -> float:
        """Mean electrons per second over ``[start_s, end_s)``."""
        begins = [-np.inf, *(begin for begin, _ in self.steps[1:])]
        ends = [*begins[1:], np.inf]
        overlap = [max(0.0, min(end, end_s) - max(begin, start_s))
                   for begin, end in zip(begins, ends, strict=True)]
        return sum(share * rate for share, (_, rate) in zip(overlap, self.steps, strict=True)) / (
            end_s - start_s)
