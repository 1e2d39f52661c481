# SPDX-License-Identifier: Apache-2.0
"""Takes the sweep of pulsed lamps and holds it against an ideal integrator."""

from dataclasses import dataclass
from functools import partial
from math import erf
from typing import Any

import numpy as np

from tapetum.config import LONGEST_LAMP_PERIOD_S, CaptureConfig, DieConfig, Photodiode

from ..pixel_die import PixelDieParameters
from ..scenes.lamp_sweep import LampCell, LampSweep
from ..scenes.pulse import on_fraction
from .context import Context
from .optimum import CUT_OFF, conversion_variance
from .plan import Plan, temporal_noise
from .shot import Shot

__all__ = ["STANDARD_ERRORS", "STEADY", "LampResult", "LampSurvey", "anti_flicker_capture",
           "lamp_survey"]

SEEN = 0.4
STEADY = 0.2
"""Width of the band around the mean in which a lamp counts as steady."""
STANDARD_ERRORS = 3
"""Allowed for chance: there are some hundred lamps."""
SETTLING_FRAMES = 48
"""Until the gain that all columns share, learnt from two noisy test rows per frame, has settled."""
FREQUENCIES_HZ = (90, 95, 100, 110, 120, 130, 137, 150, 170, 180, 200, 240, 250, 300, 333, 400,
                  480, 500, 600, 700, 720, 800, 900, 1000)
DUTIES = (0.1, 0.2, 0.3, 0.5, 1.0)

_normal = np.vectorize(lambda x: 0.5 * (1 + erf(x / 2 ** 0.5)), otypes=[float])


@dataclass(frozen=True, kw_only=True)
class LampResult:
    """One lamp: shares of frames and phases.

    ``standard_error`` is how far ``mmp`` of an ideal integrator would lie from ``mmp_ideal`` by
    chance: large where a plateau of the lamp's light lies at the edge of the band. ``fmi``, the
    flicker modulation index, is (largest - smallest) / (largest + smallest) over frames and phases,
    rows averaged.
    """

    cell: LampCell
    detection: float
    mmp: float
    mmp_ideal: float
    fmi: float
    fmi_ideal: float
    standard_error: float
    marked: float | None

    @property
    def loss(self) -> float:
        """How much less steady than an ideal integrator."""
        return self.mmp_ideal - self.mmp

    @property
    def certain_loss(self) -> float:
        """The part of the loss that is not chance."""
        return max(0.0, self.loss - STANDARD_ERRORS * self.standard_error)

    def figures(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"frequency_hz": self.cell.frequency_hz, "duty": self.cell.duty,
                "level": self.cell.level, "detection": self.detection, "mmp": self.mmp,
                "mmp_ideal": self.mmp_ideal, "fmi": self.fmi, "fmi_ideal": self.fmi_ideal,
                "standard_error": self.standard_error, "marked": self.marked}


@dataclass(frozen=True, kw_only=True)
class LampSurvey:
    """All lamps.

    Members
    -------
    reference_name : str
        The capture against flicker.
    level_names : list of str
        What each level of brightness is.
    judged_levels, reached_levels : tuple of int
        Levels whose mean lies in its range; in that of any capture of one period or more.
    """

    reference_name: str
    level_names: list[str]
    judged_levels: tuple[int, ...]
    reached_levels: tuple[int, ...]
    results: list[LampResult]

    @property
    def judged(self) -> list[LampResult]:
        """Lamps whose mean lies in the range of the capture against flicker."""
        return [result for result in self.results if result.cell.level in self.judged_levels]

    @property
    def in_reach(self) -> list[LampResult]:
        """Lamps whose mean some capture of at least one period can measure."""
        return [result for result in self.results if result.cell.level in self.reached_levels]

    def levels(self) -> list[dict[str, Any]]:
        """The worst of each level, ready for JSON."""
        worst = []
        for level, name in enumerate(self.level_names):
            mine = [result for result in self.results if result.cell.level == level]
            worst.append({
                "level": name, "detection": min(result.detection for result in mine),
                "mmp": min(result.mmp for result in mine),
                "fmi": max(result.fmi for result in mine),
                "mmp_worst_below_ideal": max(result.certain_loss for result in mine)})
        return worst


def anti_flicker_capture(config: DieConfig) -> int:
    """The small photodiode; without one the least sensitive capture that lasts a period of 90 Hz.

    Where none lasts so long, the longest one.
    """
    captures = range(len(config.captures))
    small = [i for i in captures if config.captures[i].photodiode is Photodiode.SMALL]
    if small:
        return small[0]
    long = [i for i in captures if _exposure_s(config, i) >= LONGEST_LAMP_PERIOD_S]
    if long:
        return max(long, key=lambda i: _well_electrons(config, config.captures[i]))
    return max(captures, key=lambda i: _exposure_s(config, i))


def lamp_survey(context: Context) -> LampSurvey:
    """Take and judge the sweep, once."""
    return context.once("lamps", _survey)


def _survey(context: Context) -> LampSurvey:
    config = context.config
    reference = anti_flicker_capture(config)
    levels, judged, reached = _levels(config, reference)
    exposure_s = _exposure_s(config, 0)
    room = LampSweep.capacity(config) // len(levels)
    duties = DUTIES if room >= 2 * len(DUTIES) else DUTIES[:1]
    picked = np.linspace(0, len(FREQUENCIES_HZ) - 1, min(len(FREQUENCIES_HZ),
                                                         max(1, room // len(duties))))
    scene = LampSweep(
        config, mean_rates=[electrons / exposure_s for _, electrons in levels], duties=duties,
        frequencies_hz=[FREQUENCIES_HZ[round(index)] for index in picked])
    plan = Plan(name="lamps", scene=scene, parameters=temporal_noise(config),
                frames=SETTLING_FRAMES + context.frames)
    shot = context.take(plan)
    judge = partial(_judge, shot, plan.parameters, config.captures[reference], reference)
    return LampSurvey(
        reference_name=config.captures[reference].name, level_names=[name for name, _ in levels],
        judged_levels=judged, reached_levels=reached,
        results=[judge(cell) for cell in scene.cells])


def _levels(config: DieConfig, reference: int
            ) -> tuple[list[tuple[str, float]], tuple[int, ...], tuple[int, ...]]:
    """Brightness by name in electrons of the first capture; which are judged, which in reach."""
    capture = config.captures[reference]
    well = _well_electrons(config, capture)
    levels = [(f"mean at 40 % of {capture.name}", 0.4 * well)]
    more_sensitive = [c for i, c in enumerate(config.captures) if i != reference
                      and _exposure_s(config, i) >= LONGEST_LAMP_PERIOD_S
                      and _well_electrons(config, c) < well / 4]
    if more_sensitive:
        darker = max(more_sensitive, key=lambda c: _well_electrons(config, c))
        own = _well_electrons(config, darker)
        levels.append((f"mean at 3 wells of {darker.name}", 3 * own))
        levels.append((f"mean at 40 % of {darker.name}", 0.4 * own))
    judged = tuple(range(min(2, len(levels))))
    reached = tuple(range(len(levels)))
    if max(_well_electrons(config, c) for c in config.captures) > 4 * well:
        levels.append((f"mean at 2.5 wells of {capture.name}", 2.5 * well))
    return levels, judged, reached


def _judge(shot: Shot, parameters: PixelDieParameters, capture: CaptureConfig, reference: int,
           cell: LampCell) -> LampResult:
    config = shot.config
    mean = cell.mean_rate * _exposure_s(config, 0)
    place = slice(SETTLING_FRAMES, None), cell.rows, cell.columns
    share = shot.electrons[place] / mean
    marked = None if shot.flicker is None else float(shot.flicker[place].mean())

    width = cell.columns.stop - cell.columns.start
    phase = np.arange(width) / width
    windows = shot.windows[SETTLING_FRAMES:, reference, cell.rows]
    ideal = on_fraction(cell.frequency_hz, cell.duty, phase, windows[..., 0, None],
                        windows[..., 1, None]) / cell.duty
    own_mean = mean / config.exposure_ratio(capture)
    noise = np.sqrt(ideal * own_mean + conversion_variance(config, parameters, capture)) / own_mean
    steady = (_normal((1 + STEADY - ideal) / noise)
              - _normal((1 - STEADY - ideal) / noise))
    return LampResult(
        cell=cell, detection=float((share >= SEEN).mean()),
        mmp=float((np.abs(share - 1) < STEADY).mean()),
        mmp_ideal=float(steady.mean()), marked=marked,
        fmi=_modulation(share), fmi_ideal=_modulation(ideal),
        standard_error=float(np.sqrt((steady * (1 - steady)).sum()) / steady.size))


def _modulation(share: np.ndarray) -> float:
    by_phase = share.mean(axis=1)
    largest, smallest = by_phase.max(), by_phase.min()
    return float((largest - smallest) / (largest + smallest))


def _exposure_s(config: DieConfig, capture: int) -> float:
    return config.exposure_cycles(config.captures[capture]) / config.sync_clock_hz


def _well_electrons(config: DieConfig, capture: CaptureConfig) -> float:
    """Largest signal of a capture, in electrons of the first one."""
    return (CUT_OFF * config.adc.full_well_codes * config.electrons_per_code(capture)
            * config.exposure_ratio(capture))
