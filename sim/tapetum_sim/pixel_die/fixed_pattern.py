# SPDX-License-Identifier: Apache-2.0
"""What differs from pixel to pixel and column to column, for good."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from tapetum.config import DieConfig

from .noise import NoiseKind, NoiseSource
from .parameters import PixelDieParameters

__all__ = ["Defect", "DefectKind", "FixedPattern"]

HOT_SPREAD = 0.6
DEAD_RESPONSE = 0.03


class DefectKind(Enum):
    """How a pixel fails."""

    HOT = "hot"
    DEAD = "dead"
    STUCK = "stuck"


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One defective pixel, in active coordinates; ``couplet`` if its neighbour fails as well.

    ``value`` is electrons per second at 25 degrees Celsius (hot), relative response (dead) or
    a share of the full scale (stuck).
    """

    row: int
    column: int
    kind: DefectKind
    value: float
    couplet: bool = False


class FixedPattern:
    """Maps of one die, drawn once from its seed; shapes are physical rows and columns.

    Members
    -------
    response : float32 (total_rows, total_columns)
        Relative response to light; 0 where optical-black.
    dark : float32 (total_rows, total_columns)
        Dark current relative to the mean.
    hot : float32 (total_rows, total_columns)
        Additional electrons per second at 25 degrees Celsius.
    stuck : float32 (total_rows, total_columns)
        Level as a share of the full scale; NaN where the pixel works.
    column_reset, column_gain : float64 (total_columns,)
        Codes; relative.
    column_offset : float64 (captures, total_columns)
        Codes that remain after CDS.
    defects : tuple of Defect
    """

    def __init__(self, config: DieConfig, parameters: PixelDieParameters, noise: NoiseSource):
        array = config.array
        shape = (array.total_rows, array.total_columns)
        scale = config.adc.signal_counts / 4096

        def normal(index, size):
            stream = noise.stream(NoiseKind.FIXED_PATTERN, index)
            return stream.standard_normal(size, dtype=np.float32)

        self.response = 1 + parameters.photo_response_spread * normal(0, shape)
        self.response[:array.dark_rows] = 0
        self.response[:, :array.optical_black_columns] = 0
        log_spread = np.float32(np.sqrt(np.log1p(parameters.dark_spread ** 2)))
        self.dark = np.exp(log_spread * normal(1, shape) - log_spread ** 2 / 2)
        columns = array.total_columns
        self.column_reset = parameters.column_reset_spread_lsb12 * scale * normal(2, columns)
        self.column_gain = 1 + parameters.column_gain_spread * normal(3, columns)
        self.column_offset = parameters.column_offset_spread_lsb12 * scale * normal(
            4, (len(config.captures), columns))
        self.hot = np.zeros(shape, np.float32)
        self.stuck = np.full(shape, np.nan, np.float32)
        self.defects = _draw_defects(config, parameters, noise)
        for defect in self.defects:
            self._apply(defect, array.dark_rows + defect.row,
                        array.optical_black_columns + defect.column)

    def _apply(self, defect: Defect, row: int, column: int) -> None:
        if defect.kind is DefectKind.HOT:
            self.hot[row, column] = defect.value
        elif defect.kind is DefectKind.DEAD:
            self.response[row, column] *= defect.value
        else:
            self.stuck[row, column] = defect.value


def _draw_defects(config: DieConfig, parameters: PixelDieParameters,
                  noise: NoiseSource) -> tuple[Defect, ...]:
    rows, columns = config.array.rows, config.array.columns
    generator = noise.stream(NoiseKind.DEFECTS)
    taken: set[tuple[int, int]] = set()
    defects: list[Defect] = []

    def place(kind: DefectKind, couplet: bool) -> None:
        for _ in range(100):
            row, column = int(generator.integers(rows)), int(generator.integers(columns))
            spots = [(row, column)]
            if couplet:
                down, right = ((0, 1), (1, 0), (1, 1))[int(generator.integers(3))]
                spots.append((row + down, column + right))
            if any(spot in taken or spot[0] >= rows or spot[1] >= columns for spot in spots):
                continue
            taken.update(spots)
            for spot in spots:
                defects.append(Defect(row=spot[0], column=spot[1], kind=kind, couplet=couplet,
                                      value=_strength(kind, parameters, generator)))
            return

    def count(per_million: float) -> int:
        return round(per_million * rows * columns / 1e6)

    for kind, per_million in ((DefectKind.HOT, parameters.hot_per_million),
                              (DefectKind.DEAD, parameters.dead_per_million),
                              (DefectKind.STUCK, parameters.stuck_per_million)):
        for _ in range(count(per_million)):
            place(kind, couplet=False)
    for _ in range(count(parameters.couplets_per_million)):
        place(tuple(DefectKind)[int(generator.integers(3))], couplet=True)
    return tuple(defects)


def _strength(kind: DefectKind, parameters: PixelDieParameters,
              generator: np.random.Generator) -> float:
    if kind is DefectKind.HOT:
        return float(parameters.hot_electrons_per_second
                     * np.exp(HOT_SPREAD * generator.standard_normal()))
    if kind is DefectKind.DEAD:
        return DEAD_RESPONSE
    return float(generator.uniform(0, 1))
