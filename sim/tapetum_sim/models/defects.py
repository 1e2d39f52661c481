# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the defect correction, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapetum.config import DieConfig, Photodiode
from tapetum.correct.defects.levels import default_thresholds
from tapetum.pixel import corrected_bits

from .row import ModelRow

__all__ = ["DefectsModel", "KnownDefect", "is_valid_list", "level_index"]

Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, order=True)
class KnownDefect:
    """An entry of the list, in array coordinates; ``photodiodes`` is a mask: 1 large, 2 small."""

    row: int
    column: int
    photodiodes: int = 3


def is_valid_list(entries: Sequence[KnownDefect], config: DieConfig) -> bool:
    """Whether the list fits, lies in the array's rows and strictly ascends by row and column."""
    places = [(entry.row, entry.column) for entry in entries]
    ascends = all(first < second for first, second in pairwise(places))
    inside = all(row < config.array.rows for row, _ in places)
    return ascends and inside and len(places) <= config.correct.defect_list_entries


def level_index(codes: ArrayLike, config: DieConfig) -> Codes:
    """Entry of the thresholds' table: 128 steps up to 1/32 of the scale, then 64, then 64."""
    scale = 1 << (config.adc.bits + config.hdr.fraction_bits)
    codes = np.asarray(codes, dtype=np.int64)
    return np.select([codes < scale // 32, codes < scale // 8],
                     [codes * 4096 // scale, 128 + codes * 512 // scale],
                     192 + codes * 64 // scale)


@dataclass
class _Capture:
    """Rows of the frame under way, the newest last; five at most."""

    rows: list[ModelRow] = field(default_factory=list)
    corrected: int = 0


class DefectsModel:
    """Corrects rows of all captures; each leaves with the second next of its capture.

    The last row of a frame gives three: the die sends the last two of them in their capture's
    slots of the following two lines, between rows of other captures.

    Parameters
    ----------
    thresholds : mapping from "defect" and "support" to an array (captures, 256), optional
        Default: those of the configuration.
    known : sequence of KnownDefect
        The list; one that is not valid is not used.
    """

    def __init__(self, config: DieConfig, *, thresholds: Mapping[str, ArrayLike] | None = None,
                 known: Sequence[KnownDefect] = ()):
        self.config = config
        if thresholds is None:
            defaults = default_thresholds(config)
            thresholds = {name: [[entry[name] for entry in levels] for levels in defaults]
                          for name in ("defect", "support")}
        self.defect = np.asarray(thresholds["defect"], dtype=np.int64)
        self.support = np.asarray(thresholds["support"], dtype=np.int64)
        self.known = list(known) if is_valid_list(known, config) else []
        self.corrected = [0] * len(config.captures)
        """Pixels corrected in the last whole frame of each capture."""
        self._captures = [_Capture() for _ in config.captures]

    def row(self, row: ModelRow, *, dynamic: bool = True, listed: bool = True) -> list[ModelRow]:
        """Take a row, give those that leave; flags are those of its frame."""
        state = self._captures[row.capture]
        if row.row == 0:
            state.rows, state.corrected = [], 0
        state.rows = [*state.rows[-4:], row]
        ready = len(state.rows)
        leaving = [self._correct(state, ready - 3, dynamic, listed)] if ready >= 3 else []
        if row.frame_last:
            leaving += [self._correct(state, index, dynamic, listed)
                        for index in range(max(0, ready - 2), ready)]
            leaving[-1] = leaving[-1].with_(frame_last=True)
            self.corrected[row.capture] = state.corrected
        return leaving

    def _correct(self, state: _Capture, index: int, dynamic: bool, listed: bool) -> ModelRow:
        """The row at ``index`` of those kept; rows outside the frame are None."""
        row = state.rows[index]
        around = [state.rows[place].codes if 0 <= place < len(state.rows) else None
                  for place in range(index - 2, index + 3)]
        if around[0] is None and around[4] is None:
            return row.with_(frame_last=False)
        high, low = _ranks(around)
        estimate = (high + low + 1) // 2
        beyond = np.maximum(row.codes - high, low - row.codes)
        level = level_index(estimate, self.config)
        deviates = (beyond > self.defect[row.capture][level]) & (beyond > high - low)
        dark_in_white = (estimate == self._saturated) & (row.codes <= self._saturated // 2)
        blind = self._saturated_beside(around) & ~dark_in_white
        faulty = deviates & ~blind & ~self._supported(row, around)
        replace = (faulty & dynamic) | (self._known_in(row) & listed)
        state.corrected = self._count(state.corrected, replace)
        return row.with_(codes=np.where(replace, estimate, row.codes), frame_last=False)

    def _count(self, before: int, replaced: Flags) -> int:
        """Beat by beat, until the next beat might not fit 16 bits."""
        lanes = self.config.lanes
        totals = before + np.cumsum(replaced.reshape(-1, lanes).sum(axis=1))
        full = totals >= 0x10000 - lanes
        if before >= 0x10000 - lanes:
            return before
        return int(totals[np.argmax(full)] if full.any() else totals[-1])

    def _supported(self, row: ModelRow, around: list[Codes | None]) -> Flags:
        """Whether the neighbours of other colours vary by more than noise."""
        threshold = self.support[row.capture]
        present = [codes for codes in around[::2] if codes is not None]
        ordered = np.sort(np.stack(present), axis=0)
        middle = ordered[1 if len(present) == 3 else 0]
        vertical = ordered[-1] - ordered[0] > threshold[level_index(middle, self.config)]

        beside = [codes for codes in (around[1], around[3]) if codes is not None]
        limit = threshold[level_index(np.max(beside, axis=0), self.config)]
        horizontal = np.zeros(len(row.codes), dtype=bool)
        for codes in beside:
            horizontal[2:] |= np.abs(codes[2:] - codes[:-2]) > limit[2:]

        supported = _beside(vertical, -1) | _beside(vertical, 1)
        for offset in (-1, 0, 1, 2, 3):
            supported = supported | _beside(horizontal, offset)
        return supported

    def _saturated_beside(self, around: list[Codes | None]) -> Flags:
        """Whether neighbours of other colours are too bright to show anything."""
        beside = np.max([codes for codes in (around[1], around[3]) if codes is not None], axis=0)
        saturated = beside == self._saturated
        return _beside(saturated, -1) | saturated | _beside(saturated, 1)

    @property
    def _saturated(self) -> int:
        return (1 << corrected_bits(self.config)) - 1

    def _known_in(self, row: ModelRow) -> Flags:
        photodiode = self.config.captures[row.capture].photodiode
        bit = 1 if photodiode is Photodiode.LARGE else 2
        known = [entry.column for entry in self.known
                 if entry.row == row.array_row and entry.photodiodes & bit]
        return np.isin(row.columns - self.config.array.optical_black_columns, known)


def _beside(flags: Flags, offset: int) -> Flags:
    """``flags`` of the column ``offset`` to the right; nothing beyond the row's ends."""
    moved = np.zeros_like(flags)
    if offset < 0:
        moved[-offset:] = flags[:offset]
    else:
        moved[:len(flags) - offset] = flags[offset:]
    return moved


def _ranks(around: list[Codes | None]) -> tuple[Codes, Codes]:
    """Second largest and second smallest of the neighbours of the same colour that exist."""
    high, low = [], []
    for place, codes in enumerate(around[::2]):
        if codes is None:
            continue
        for offset in (-2, 0, 2):
            if place == 1 and offset == 0:
                continue
            for target, absent in ((high, -1), (low, 1 << 30)):
                moved = np.full_like(codes, absent)
                if offset < 0:
                    moved[2:] = codes[:-2]
                elif offset > 0:
                    moved[:-2] = codes[2:]
                else:
                    moved[:] = codes
                target.append(moved)
    return np.sort(np.stack(high), axis=0)[-2], np.sort(np.stack(low), axis=0)[1]
