# SPDX-License-Identifier: Apache-2.0
"""Settings of each frame: what the host asked for, and what automatic exposure made of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tapetum.config import DieConfig

from ..models.auto_exposure import AutoExposureModel
from ..models.histogram import FinishedHistogram

__all__ = ["PlannedSettings", "exposure_control"]


def exposure_control(config: DieConfig, registers: Mapping[str, int]) -> dict[str, Any]:
    """Registers of automatic exposure, as `AutoExposureModel` takes them."""
    names = ("dark_percentile", "bright_percentile", "dark_target", "bright_target",
             "minimum_ratio", "hysteresis", "minimum_cycles")
    groups, captures = config.exposure_groups, range(len(config.captures))
    return {
        "enable": registers["exposure_control"] & 1, "hold": registers["exposure_control"] >> 1,
        "banding": registers["exposure_banding"],
        **{name: registers[f"exposure_{name}"] for name in names},
        **{bound: [registers[f"exposure_{group.index}_{bound}"] for group in groups]
           for bound in ("minimum_lines", "maximum_lines")},
        "unit_gains": [{part: registers[f"capture_{index}_unit_gain_{part}"]
                        for part in ("mantissa", "shift")} for index in captures],
    }


class PlannedSettings(Mapping[int, Mapping[str, Any]]):
    """Settings by frame number, made when they are asked for.

    A frame's exposures follow from the histograms of frames before it: `measure` must have been
    given those that were complete when the frame was planned.

    Parameters
    ----------
    wanted : mapping
        By frame number: the cycle at which the frame was planned, and what the host wanted.
    control : mapping
        See `exposure_control`.
    measured : sequence of (frame, cycle)
        When the die's exposures began to follow each frame.
    """

    def __init__(self, config: DieConfig, wanted: Mapping[int, tuple[int, Mapping[str, Any]]],
                 control: Mapping[str, Any], measured: Sequence[tuple[int, int]]):
        self._wanted, self._model = wanted, AutoExposureModel(config, control)
        self._measured = list(measured)
        self._histograms: dict[int, FinishedHistogram] = {}
        self._made: dict[int, Mapping[str, Any]] = {}

    def measure(self, histogram: FinishedHistogram) -> None:
        """A frame has been counted."""
        self._histograms[histogram.frame] = histogram

    def __getitem__(self, frame: int) -> Mapping[str, Any]:
        if frame not in self._wanted:
            raise KeyError(frame)
        for number in self._wanted:
            if number not in self._made:
                self._plan(number)
            if number == frame:
                break
        return self._made[frame]

    def _plan(self, frame: int) -> None:
        planned_cycle, wanted = self._wanted[frame]
        while self._measured and self._measured[0][1] < planned_cycle:
            before, _ = self._measured.pop(0)
            self._model.measure(self._made[before], self._histograms[before].levels)
        self._made[frame] = self._model.apply(wanted)

    def __iter__(self) -> Iterator[int]:
        return iter(self._wanted)

    def __len__(self) -> int:
        return len(self._wanted)
