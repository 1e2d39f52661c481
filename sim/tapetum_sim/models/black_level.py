# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of black level correction: rows in, rows with black at the pedestal out."""

from dataclasses import dataclass, field

import numpy as np

from tapetum.config import ColourFilter, DieConfig
from tapetum.pixel import RowKind

from .row import ModelRow

__all__ = ["BlackLevelModel"]

LEVEL_UNITS = 256
"""Levels are kept in units of 1/256 code."""
MOST_AVERAGED = 3


@dataclass
class _Level:
    """Of one capture: level per phase, frames since the last step, the window so far."""

    phases: list[int]
    frames: int = 0
    rows: int = 0
    totals: list[int] = field(default_factory=lambda: [0] * 4)


@dataclass
class BlackLevelModel:
    """Black level per capture and phase, measured on the shielded pixels of dark rows."""

    config: DieConfig
    _captures: dict[int, _Level] = field(default_factory=dict)

    @property
    def levels(self) -> list[list[int]]:
        """Per capture and phase (row parity, column parity), in units of 2**-fraction_bits."""
        return [[self._rounded(level) for level in self._of(capture).phases]
                for capture in range(len(self.config.captures))]

    def restart(self) -> None:
        """The next window is adopted as it is."""
        for known in self._captures.values():
            known.frames = 0

    def row(self, row: ModelRow, *, enable: bool = True) -> ModelRow:
        """Subtract the level, then learn; neither where the correction is off."""
        adc, scale = self.config.adc, 1 << self.config.hdr.fraction_bits
        known = self._of(row.capture)
        parity = row.array_row % 2
        levels = np.array([self._rounded(known.phases[2 * parity + column])
                           for column in (0, 1)])
        full_scale = (adc.maximum_code + 1) * scale - 1
        saturated = row.codes == full_scale
        above = row.codes - levels[np.arange(row.codes.size) % 2]
        if not enable:
            return row
        if row.kind is RowKind.OPTICAL_BLACK:
            self._measure(known, row, parity, np.where(saturated, 0, above))
        black = np.clip(above + adc.pedestal_codes * scale, 0, full_scale)
        return row.with_(codes=np.where(saturated, full_scale, black))

    def _of(self, capture: int) -> _Level:
        pedestal = self.config.adc.pedestal_codes * LEVEL_UNITS
        return self._captures.setdefault(capture, _Level([pedestal] * 4))

    def _rounded(self, level: int) -> int:
        units = LEVEL_UNITS >> self.config.hdr.fraction_bits
        return min((level + units // 2) // units,
                   (self.config.adc.signal_counts << self.config.hdr.fraction_bits) - 1)

    def _measure(self, known: _Level, row: ModelRow, parity: int, above) -> None:
        if row.row == 0:
            known.rows, known.totals = 0, [0] * 4
        elif row.row != known.rows:
            known.rows = 0
            return
        shielded = above[row.optical_black]
        for column in (0, 1):
            known.totals[2 * parity + column] += int(shielded[column::2].sum())
        known.rows += 1
        if known.rows == self.config.array.optical_black_rows:
            known.rows = 0
            self._adopt(known)

    def _adopt(self, known: _Level) -> None:
        array, fraction_bits = self.config.array, self.config.hdr.fraction_bits
        pixels = array.optical_black_rows * array.optical_black_columns
        everything = sum(known.totals)
        if 512 * abs(everything) > (self.config.adc.signal_counts << fraction_bits) * pixels:
            known.frames = 0
        for phase in range(4):
            mono = array.colour_filter is ColourFilter.MONO
            total, count = (everything, pixels) if mono else (known.totals[phase], pixels // 4)
            mean = (total * (LEVEL_UNITS >> fraction_bits)) // count
            level = known.phases[phase]
            measured = self._rounded(level) * (LEVEL_UNITS >> fraction_bits) + mean
            level += (measured - level) >> known.frames
            known.phases[phase] = min(max(level, 0),
                                      self.config.adc.signal_counts * LEVEL_UNITS - 1)
        known.frames = min(known.frames + 1, MOST_AVERAGED)
