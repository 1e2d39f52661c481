# SPDX-License-Identifier: Apache-2.0
"""Grey-step chart over the whole dynamic range, with a ramp and a slanted edge."""

from dataclasses import dataclass
from math import ceil, radians, sqrt, tan

import numpy as np

from tapetum.config import DieConfig

from .layered import LayeredScene

__all__ = ["Chart", "ChartStep"]

RANGE_DB = 140.0
STEP_DB = 5.0
EDGE_DEGREES = 5.0
EDGE_LEVELS = (1e-3, 4e-3)
SURROUND = 1e-3


@dataclass(frozen=True, kw_only=True)
class ChartStep:
    """One grey patch: where it is (margins left out) and its radiance; white is 1.0 at 0 dB."""

    level_db: float
    radiance: float
    rows: slice
    columns: slice


class Chart(LayeredScene):
    """Grey patches in even logarithmic steps, from 0 dB down to -140 dB.

    The upper 60 % of the picture hold the patches, in reading order from dark to bright; below
    lie a fine logarithmic ramp over the same range and an edge slanted by 5 degrees (4:1), as
    ISO 12233 asks for.

    Members
    -------
    steps : tuple of ChartStep
    ramp_rows : slice
        Rows of the ramp; ``ramp_radiance`` is its value in each column.
    edge_rows : slice
    """

    def __init__(self, config: DieConfig, *, electrons_per_second: float | None = None,
                 range_db: float = RANGE_DB, step_db: float = STEP_DB):
        rows, columns = config.array.rows, config.array.columns
        levels = np.arange(-range_db, 1e-9, step_db)
        background = np.full((rows, columns), SURROUND)
        patch_rows = int(rows * 0.6) // 2 * 2
        self.steps = _lay_out(levels, patch_rows, columns)
        for step in self.steps:
            background[step.rows, step.columns] = step.radiance
        ramp_end = patch_rows + (rows - patch_rows) // 4 // 2 * 2
        self.ramp_rows = slice(patch_rows, ramp_end)
        self.ramp_radiance = 10 ** (np.linspace(-range_db, 0, columns) / 20)
        background[self.ramp_rows] = self.ramp_radiance
        self.edge_rows = slice(ramp_end, rows)
        background[self.edge_rows] = _slanted_edge(rows - ramp_end, columns)
        self.steps = tuple(_inset(step) for step in self.steps)
        super().__init__(config, "chart", np.repeat(background[..., None], 3, axis=2),
                         electrons_per_second=electrons_per_second)


def _lay_out(levels: np.ndarray, rows: int, columns: int) -> tuple[ChartStep, ...]:
    across = ceil(sqrt(levels.size * columns / rows))
    down = ceil(levels.size / across)
    steps = []
    for index, level in enumerate(levels):
        i, j = divmod(index, across)
        steps.append(ChartStep(level_db=float(level), radiance=float(10 ** (level / 20)),
                               rows=slice(i * rows // down, (i + 1) * rows // down),
                               columns=slice(j * columns // across, (j + 1) * columns // across)))
    return tuple(steps)


def _inset(step: ChartStep) -> ChartStep:
    """The inner part, so that measurements keep clear of the neighbours."""
    def inner(part: slice) -> slice:
        margin = max(1, (part.stop - part.start) // 8)
        return slice(part.start + margin, part.stop - margin)

    return ChartStep(level_db=step.level_db, radiance=step.radiance, rows=inner(step.rows),
                     columns=inner(step.columns))


def _slanted_edge(rows: int, columns: int) -> np.ndarray:
    """Share of each pixel that lies right of the edge, exact along the row."""
    centre = np.arange(rows)[:, None] + 0.5 - rows / 2
    position = columns / 2 + centre * tan(radians(EDGE_DEGREES))
    right = np.clip(np.arange(columns) + 1 - position, 0, 1)
    dark, bright = EDGE_LEVELS
    return dark + (bright - dark) * right
