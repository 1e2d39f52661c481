# SPDX-License-Identifier: Apache-2.0
"""Light, pixels, histograms, automatic exposure and back again, frame by frame in numpy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from typing import Any

import numpy as np

from tapetum.config import AdcConfig, DieConfig, PixelArrayConfig
from tapetum.control.frame_settings import FrameSettings
from tapetum.pixel import RowKind
from tapetum.presets import preset
from tapetum_sim.models.adc import convert_row
from tapetum_sim.models.histogram import HistogramModel
from tapetum_sim.models.row import ModelRow
from tapetum_sim.pixel_die import PixelDie, PixelDieParameters
from tapetum_sim.scenes.measured import MeasuredScene

from .black import black_levels, subtract_black

__all__ = ["Loop", "SteppedScene", "exposures", "frame_rows", "loop_config", "run_loop",
           "settled_after"]


class SteppedScene(MeasuredScene):
    """A still picture under a light that changes at given times.

    Parameters
    ----------
    picture : array (rows, columns)
        Electrons per second of the large photodiode.
    light : sequence of (time in seconds, factor)
        From that time on; the first one holds before as well.
    """

    def __init__(self, config: DieConfig, picture: np.ndarray, light: list[tuple[float, float]]):
        super().__init__(config, "stepped")
        self.base, self.light = np.asarray(picture, np.float64), light

    def row_radiance(self, row: int, start_s: float, end_s: float) -> np.ndarray:
        edges = [-float("inf"), *(time for time, _ in self.light[1:]), float("inf")]
        total = sum(max(0.0, min(end_s, until) - max(start_s, since)) * factor
                    for (since, until), (_, factor) in zip(pairwise(edges), self.light,
                                                           strict=True))
        return self.base[row] * total / (end_s - start_s)


def loop_config(*, captures: int = 4, columns: int = 32, rows: int = 16, bits: int = 12
                ) -> DieConfig:
    """The timing of ``vga``, with fewer pixels."""
    vga = preset("vga")
    return vga.with_(captures=vga.captures[:captures], adc=AdcConfig(bits=bits),
                     array=PixelArrayConfig(columns=columns, rows=rows))


def frame_rows(config: DieConfig, die: PixelDie, frame: int, settings: Mapping[str, Any]
               ) -> Iterator[ModelRow]:
    """Corrected active rows of a frame, captures one after the other."""
    array, line = config.array, settings["line_length_cycles"]

    def convert(physical_row: int, capture: int) -> np.ndarray:
        own = settings["captures"][capture]
        end = line * (frame * settings["frame_length_lines"] + physical_row
                      + settings["lag_lines"][capture])
        start = end - own["coarse_integration_lines"] * line - own["fine_integration_cycles"]
        window = (start / config.sync_clock_hz, end / config.sync_clock_hz)
        return convert_row(config, die.reset_trip_codes(frame, physical_row, capture),
                           die.signal_trip_codes(frame, physical_row, capture, *window))

    shielded = array.optical_black_columns
    for group in config.exposure_groups:
        for capture in group.captures:
            if not settings["capture_mask"] >> capture & 1:
                continue
            black = [convert(row, capture)[:shielded]
                     for row in range(array.test_rows, array.dark_rows)]
            level = black_levels(np.stack(black), config)
            for row in range(array.rows):
                codes = convert(array.dark_rows + row, capture)[shielded:]
                yield ModelRow(
                    frame=frame, capture=capture, kind=RowKind.ACTIVE, row=row, array_row=row,
                    frame_last=row == array.rows - 1,
                    codes=subtract_black(codes[np.newaxis], level, config)[0],
                    columns=np.arange(shielded, array.total_columns),
                    optical_black=np.zeros(array.columns, bool))


@dataclass
class Loop:
    """Settings with which each frame was taken."""

    config: DieConfig
    settings: list[dict[str, Any]]


def run_loop(config: DieConfig, picture: np.ndarray, light: Callable[[int], float], frames: int,
             model, *, phase: float = 0.0, seed: int = 0,
             parameters: PixelDieParameters | None = None) -> Loop:
    """Run `frames` frames; ``light(frame)`` is the factor during all of a frame's exposures.

    It changes ``phase`` frame times before the first of them can begin. `model` has ``measure``
    and ``apply``. A frame is planned when the one before it is first read, with what was measured
    in the one before that.
    """
    period = config.frame_time_s
    steps = [(0.0, light(0))]
    for frame in range(1, frames):
        if light(frame) != light(frame - 1):
            steps.append(((frame - 1 - phase) * period, light(frame)))
    scene = SteppedScene(config, picture, steps)
    die = PixelDie(config, scene, parameters or PixelDieParameters(), seed=seed)
    histogram = HistogramModel(config)
    host = FrameSettings.defaults(config)
    planned = [model.apply(host), model.apply(host)]
    for frame in range(frames):
        settings = planned[frame]
        for row in frame_rows(config, die, frame, settings):
            finished = histogram.row(row, settings)
            if finished is not None:
                model.measure(settings, finished.levels)
        planned.append(model.apply(host))
    return Loop(config, planned[:frames])


def exposures(loop: Loop, capture: int) -> list[float]:
    """Octaves of clocks, by frame."""
    def octaves(settings: Mapping[str, Any]) -> float:
        own = settings["captures"][capture]
        return log2(own["coarse_integration_lines"] * settings["line_length_cycles"]
                    + own["fine_integration_cycles"])

    return [octaves(settings) for settings in loop.settings]


def settled_after(loop: Loop, first: int, *, captures: Sequence[int] | None = None,
                  tolerance: float = 0.25) -> int:
    """Frames from ``first`` until exposures stay within ``tolerance`` octaves of the last one."""
    worst = 0
    for capture in range(len(loop.config.captures)) if captures is None else captures:
        path = exposures(loop, capture)
        away = [frame for frame in range(first, len(path))
                if abs(path[frame] - path[-1]) > tolerance]
        worst = max(worst, away[-1] + 1 - first if away else 0)
    return worst
