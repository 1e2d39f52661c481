# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the histograms: rows in, counts of a whole frame out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum.config import DieConfig
from tapetum.control.frame_settings import Skip

from .row import ModelRow

__all__ = ["FinishedHistogram", "HistogramModel", "levels_of_codes", "zone_bins_of_levels"]

LARGEST_COUNT = (1 << 20) - 1


def levels_of_codes(codes: NDArray[np.int64], config: DieConfig) -> NDArray[np.int64]:
    """Level 0 to 127 of each corrected code: eight steps per octave below full scale.

    Octave 15 is the upper half of full scale; within an octave the steps are equally wide. Level
    127 is saturation and nothing else.
    """
    codes = np.asarray(codes, np.int64)
    width = config.adc.bits + config.hdr.fraction_bits
    scale = 1 << config.hdr.fraction_bits
    light = codes - config.adc.pedestal_codes * scale
    saturated = ((codes == (1 << width) - 1)
                 | (light >= config.adc.saturation_codes * scale))
    levels = np.zeros(codes.shape, np.int64)
    for octave in range(width):
        inside = (light >= 1 << octave) & (light < 2 << octave)
        step = ((light - (1 << octave)) * 8) >> octave
        levels = np.where(inside, 8 * (octave + 16 - width) + step, levels)
    return np.where(saturated, 127, np.maximum(levels, 0))


def zone_bins_of_levels(levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bin 0 to 31 of each level: two per octave, the topmost for saturation alone."""
    return np.where(levels == 127, 31, np.maximum(levels // 4 - 1, 0))


@dataclass(frozen=True, kw_only=True, eq=False)
class FinishedHistogram:
    """Of one frame.

    Members
    -------
    zones : int64 array (captures, 16, 32)
        Zones in reading order of a grid of 4 x 4.
    levels : int64 array (captures, 128)
        Of the zones that are metered.
    """

    frame: int
    zones: NDArray[np.int64]
    levels: NDArray[np.int64]


class HistogramModel:
    """Counts one pixel of each beat of the active rows.

    Parameters
    ----------
    metering_zones : int
        Zones that count for ``levels``; bit 0 is the first.
    """

    def __init__(self, config: DieConfig, *, metering_zones: int = 0xFFFF):
        self.config, self.metering_zones = config, metering_zones
        self._order = [capture for group in config.exposure_groups for capture in group.captures]
        self._clear()

    def row(self, row: ModelRow, settings: Mapping[str, Any]) -> FinishedHistogram | None:
        """Count a row of a frame taken with ``settings``; the set, with its last row."""
        beats = np.arange(len(row.codes) // self.config.lanes)
        picked = beats * self.config.lanes + (beats + row.row // 2) % self.config.lanes
        levels = levels_of_codes(row.codes[picked], self.config)
        block = 2 << Skip(settings["row_skip"]).value
        rows = sum(1 for address in range(settings["row_end"] - settings["row_start"] + 1)
                   if address % block < 2)
        zones = 4 * _quarter(row.row, rows) + _quarter(beats, len(beats))
        np.add.at(self._zones[row.capture], (zones, zone_bins_of_levels(levels)), 1)
        metered = self.metering_zones >> zones & 1
        np.add.at(self._levels[row.capture], levels, metered)
        mask = settings["capture_mask"]
        last = [capture for capture in self._order if mask >> capture & 1][-1]
        if not row.frame_last or row.capture != last:
            return None
        finished = FinishedHistogram(
            frame=row.frame, zones=np.minimum(self._zones, LARGEST_COUNT),
            levels=np.minimum(self._levels, LARGEST_COUNT))
        self._clear()
        return finished

    def _clear(self) -> None:
        captures = len(self.config.captures)
        self._zones = np.zeros((captures, 16, 32), np.int64)
        self._levels = np.zeros((captures, 128), np.int64)


def _quarter(position: Any, count: int) -> Any:
    """Which of four equal parts; the last one takes the rest."""
    size = count // 4
    return np.minimum(position // size, 3) if size else 3 + 0 * position
