# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the column correction: rows of codes in, rows of corrected codes out."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tapetum.config import DieConfig
from tapetum.pixel import RowKind

from .row import ModelRow
from .shielded import shielded_mean

__all__ = ["ColumnModel"]

SIXTEENTHS = 16
"""Deviations are counted in sixteenths of a code."""
OFFSET_UNITS = 1 << 11
"""Offsets are stored in units of 1/2048 code."""
MOST_AVERAGED = 7


@dataclass
class _Estimates:
    """Of one capture: an entry per column; counts of the measurements since the restart."""

    offset: NDArray[np.int64]
    gain: NDArray[np.int64]
    low: NDArray[np.int64]
    offsets_seen: int = 0
    gains_seen: int = 0
    low_seen: bool = False
    dark_left: bool = False


@dataclass
class ColumnModel:
    """Offsets and gains of columns, estimated from dark and test rows as they pass.

    Members
    -------
    at_limit : bool array or None
        Columns of the last row found broken: an estimate was updated onto its limit, or a test
        level is off by 1/8 of the scale. None if the row taught nothing.
    """

    config: DieConfig
    at_limit: NDArray[np.bool_] | None = None
    _captures: dict[int, _Estimates] = field(default_factory=dict)

    def restart(self) -> None:
        """Forget everything: what the strobe does between two rows."""
        self._captures.clear()

    def estimates(self, capture: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Offsets in codes and relative gains of the columns of a capture, as estimated."""
        known = self._captures[capture]
        return known.offset / OFFSET_UNITS, known.gain / (1 << self.config.adc.bits + 10)

    def row(self, row: ModelRow, *, enable: bool = True, freeze: bool = False,
            is_hot: bool = False) -> ModelRow:
        """Correct a row, then learn from it."""
        adc, array = self.config.adc, self.config.array
        count = row.codes.size
        held = self._captures.get(row.capture)
        if held is None or held.offset.size != count:
            nothing = np.zeros(count, np.int64)
            self._captures[row.capture] = _Estimates(nothing, nothing, nothing)
        known = self._captures[row.capture]
        enough = known.offsets_seen == (1 << MOST_AVERAGED) - 1
        if not freeze and array.test_rows and not known.dark_left:
            if not enough and is_hot:
                known.offset = np.zeros(count, np.int64)
                known.offsets_seen = 0
                known.dark_left = True
            known.dark_left |= enough
        # Above the pedestal, in sixteenths; the gain acts on whole codes.
        offset = known.offset[:count] // (OFFSET_UNITS // SIXTEENTHS)
        level = (row.codes - adc.pedestal_codes) * SIXTEENTHS - offset
        gain = known.gain[:count] // (1 << (adc.bits - 8))  # in units of 2**-18
        level = level - (level // SIXTEENTHS * gain) // (1 << 14)
        self.at_limit = None
        if not freeze and row.kind is RowKind.TEST:
            low_level, high_level = adc.full_well_codes // 4, adc.full_well_codes * 3 // 4
            if row.array_row % 2 == 0:
                known.low = self._test_deviation(level - low_level * SIXTEENTHS)
                known.low_seen = True
            elif known.low_seen:
                high = self._test_deviation(level - high_level * SIXTEENTHS)
                if known.dark_left:
                    self._learn_offset(known, row, (3 * known.low[:count] - high) // 2)
                self._learn_gain(known, high - known.low[:count])
        elif not freeze and row.kind is RowKind.OPTICAL_BLACK:
            if not known.dark_left:
                self._learn_offset(known, row, self._limit_deviation(level))
        return row.with_(codes=self._corrected(row.codes, level, enable))

    def _corrected(self, codes, level, enable: bool) -> NDArray[np.int64]:
        adc, scale = self.config.adc, 1 << self.config.hdr.fraction_bits
        full_scale = (adc.maximum_code + 1) * scale - 1
        if not enable:
            return np.where(codes == adc.maximum_code, full_scale, codes * scale)
        step = SIXTEENTHS // scale
        out = (level + adc.pedestal_codes * SIXTEENTHS + step // 2) // step
        return np.where(codes == adc.maximum_code, full_scale, np.clip(out, 0, full_scale))

    def _limit_deviation(self, level) -> NDArray[np.int64]:
        limit = 2 << self.config.adc.bits
        return np.clip(level, -limit, limit - 1)

    def _test_deviation(self, level) -> NDArray[np.int64]:
        limited = self._limit_deviation(level)
        self._report(limited != level)
        return limited

    def _report(self, broken: NDArray[np.bool_]) -> None:
        self.at_limit = broken if self.at_limit is None else self.at_limit | broken

    def _learn_offset(self, known: _Estimates, row: ModelRow, deviation) -> None:
        """The row's own level is not the columns' business; that of the offsets stays at 0."""
        shielded = row.optical_black
        deviation = self._limit_deviation(deviation)
        offset = known.offset[:deviation.size]
        own = shielded_mean(deviation[shielded]) + int(
            (offset[shielded] // (OFFSET_UNITS // SIXTEENTHS)).sum()) // int(shielded.sum())
        known.offset = self._learn(offset, deviation - own, known.offsets_seen)
        known.offsets_seen = min(known.offsets_seen + 1, (1 << MOST_AVERAGED) - 1)

    def _learn_gain(self, known: _Estimates, difference) -> None:
        known.gain = self._learn(known.gain[:difference.size], difference, known.gains_seen)
        known.gains_seen = min(known.gains_seen + 1, (1 << MOST_AVERAGED) - 1)

    def _learn(self, estimate, error, seen: int) -> NDArray[np.int64]:
        """The n-th measurement counts about 1/n, as a power of two, and at least 1/128."""
        share = (1 << MOST_AVERAGED) >> (seen + 1).bit_length() - 1
        limit = 1 << (self.config.adc.bits + 6)
        updated = estimate + error * share
        limited = np.clip(updated, -limit, limit - 1)
        self._report(updated != limited)
        return limited
