# SPDX-License-Identifier: Apache-2.0
"""Frames as arrays, from whichever backend they came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tapetum.config import DieConfig
from tapetum.pixel import RampKind, RowKind

from ..frame.recordings import Row

__all__ = ["Shot", "shot_of_rows"]

ACTIVE = RowKind.ACTIVE.value


@dataclass(frozen=True, kw_only=True)
class Shot:
    """What a series of frames left at each boundary; rows and columns are active ones.

    Members
    -------
    numbers : list of int
        Frame numbers; the first axis of every array.
    settings : mapping
        `FrameSettings` by frame number.
    array_rows : int array (rows,)
        Where each row lies in the array.
    codes : uint16 (frames, captures, rows, columns)
        Before correction.
    corrected : uint16 (frames, captures, rows, columns)
        With ``hdr.fraction_bits`` more bits.
    linear : uint32 (frames, rows, columns)
    clipped : bool (frames, rows, columns)
    flicker : bool (frames, rows, columns), or None
        None where the die has no flicker map.
    windows : float64 (frames, captures, rows, 2)
        Start and end of each row's exposure, in seconds.
    compared, mismatches : int
        Values held against the models; 0 where the models are the backend.
    """

    config: DieConfig
    numbers: list[int]
    settings: Mapping[int, Mapping[str, Any]]
    array_rows: np.ndarray
    codes: np.ndarray
    corrected: np.ndarray
    linear: np.ndarray
    clipped: np.ndarray
    flicker: np.ndarray | None
    windows: np.ndarray
    compared: int = 0
    mismatches: int = 0

    @property
    def electrons(self) -> np.ndarray:
        """Linear values as electrons of the first capture's configured exposure; float64."""
        return ((self.linear.astype(np.float64) - self.config.hdr.pedestal_lsb)
                * self.config.lsb_electrons)


def shot_of_rows(config: DieConfig, settings: Mapping[int, Mapping[str, Any]], *,
                 adc: Sequence[Row], correct: Sequence[Row], hdr: Sequence[Row],
                 requests: np.ndarray, compared: int = 0, mismatches: int = 0) -> Shot:
    """Sort rows into arrays; ``requests`` give the exposure windows."""
    numbers = sorted(settings)
    place = {frame: index for index, frame in enumerate(numbers)}
    active = [row for row in adc if row.key[2] == ACTIVE]
    array_rows = {row.key[3]: int(row.marks["array_row"]) for row in active}
    rows, columns = len(array_rows), int((~active[0].marks["optical_black"]).sum())
    captures = (len(numbers), len(config.captures), rows, columns)
    combined = (len(numbers), rows, columns)
    codes, corrected = np.zeros(captures, np.uint16), np.zeros(captures, np.uint32)
    linear, clipped = np.zeros(combined, np.uint32), np.zeros(combined, bool)
    flicker = (np.zeros(combined, bool) if hdr and "flicker" in hdr[0].marks else None)
    for row in active:
        codes[place[row.key[0]], row.key[1], row.key[3]] = row.values[~row.marks["optical_black"]]
    for row in correct:
        corrected[place[row.key[0]], row.key[1], row.key[3]] = row.values
    for row in hdr:
        at = place[row.key[0]], row.key[3]
        linear[at], clipped[at] = row.values, row.marks["clipped"]
        if flicker is not None:
            flicker[at] = row.marks["flicker"]
    return Shot(
        config=config, numbers=numbers, settings=settings,
        array_rows=np.array([array_rows[row] for row in range(rows)]), codes=codes,
        corrected=corrected, linear=linear, clipped=clipped, flicker=flicker,
        windows=_windows(config, requests, place, rows), compared=compared,
        mismatches=mismatches)


def _windows(config: DieConfig, requests: np.ndarray, place: Mapping[int, int],
             rows: int) -> np.ndarray:
    signal = requests[requests["command"]["kind"] == RampKind.SIGNAL.value]
    signal = signal[signal["command"]["tag"]["row_kind"] == ACTIVE]
    tag = signal["command"]["tag"]
    windows = np.zeros((len(place), len(config.captures), rows, 2))
    frames = np.array([place.get(frame, -1) for frame in tag["frame"].tolist()], int)
    known = frames >= 0
    at = frames[known], tag["capture"][known].astype(int), tag["row"][known].astype(int)
    for index, name in enumerate(("exposure_start_cycles", "exposure_end_cycles")):
        windows[(*at, index)] = signal[name][known] / config.sync_clock_hz
    return windows
