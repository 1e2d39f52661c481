# SPDX-License-Identifier: Apache-2.0
"""Pulsed lamps: whether every frame sees them, and how steadily."""

import numpy as np

from .context import Context
from .drawing import draw
from .lamps import STANDARD_ERRORS, STEADY, LampResult, LampSurvey, lamp_survey
from .measurement import Measurement, at_least, at_most

__all__ = ["detection", "mmp", "mmp_below_ideal", "mmp_ideal"]

_SWEEP = (
    "One picture of pulsed lamps: 90 to 1000 Hz, multiples of the frame rate among them, duties "
    "from 10 % to always lit, {levels} levels of brightness; within each lamp the phase runs "
    "through a whole period, column by column. Temporal noise at 25 °C, no spread. ")


def detection(context: Context) -> Measurement:
    """Smallest share of frames and phases in which a lamp is seen."""
    survey = lamp_survey(context)
    worst = min(survey.in_reach, key=lambda result: result.detection)
    return Measurement(
        key="lfm.detection", figure=worst.detection, unit="", target=at_least(1.0),
        method=_method(survey) + "Share of frames and phases in which a pixel reports at least "
        "0.4 of the lamp's mean (IEEE P2020). The worst lamp whose mean lies in the range of a "
        "capture of at least one period of 90 Hz.",
        details={"worst": worst.figures(), "levels": survey.levels()},
        pictures={"pulsed lamps": _picture(survey)})


def mmp(context: Context) -> Measurement:
    """Smallest modulation mitigation probability."""
    survey = lamp_survey(context)
    worst = min(survey.judged, key=lambda result: result.mmp)
    return Measurement(
        key="lfm.mmp", figure=worst.mmp, unit="", target=None,
        method=_method(survey) + f"Modulation mitigation probability (IEEE P2020): share of "
        f"frames and phases within {STEADY:.0%} of the lamp's mean. The worst lamp in the "
        f"range of {survey.reference_name}. No target of its own: an ideal integrator of this "
        f"exposure is as low in places.", details={"worst": worst.figures()})


def mmp_ideal(context: Context) -> Measurement:
    """The same of an ideal integrator."""
    survey = lamp_survey(context)
    worst = min(survey.judged, key=lambda result: result.mmp_ideal)
    return Measurement(
        key="lfm.mmp_ideal", figure=worst.mmp_ideal, unit="", target=None,
        method=_method(survey) + f"What `lfm.mmp` would be for an ideal integrator that has the "
        f"exposures and the photon, read and rounding noise of {survey.reference_name}: in "
        f"closed form for every pixel and frame.", details={"worst": worst.figures()})


def mmp_below_ideal(context: Context) -> Measurement:
    """Largest loss against the ideal integrator."""
    survey = lamp_survey(context)
    worst = max(survey.judged, key=lambda result: result.certain_loss)
    loss = [result.loss for result in survey.judged]
    return Measurement(
        key="lfm.mmp_worst_below_ideal", figure=worst.certain_loss, unit="",
        target=at_most(0.01),
        method=_method(survey) + f"The largest amount by which any lamp's probability lies below "
        f"that of the ideal integrator, over lamps in the range of {survey.reference_name}, less "
        f"{STANDARD_ERRORS} standard errors of the sample.",
        details={"worst": worst.figures(), "mean_below_ideal": float(np.mean(loss)),
                 "largest_with_chance": float(np.max(loss))})


def _method(survey: LampSurvey) -> str:
    return _SWEEP.format(levels=len(survey.level_names))


def _picture(survey: LampSurvey) -> bytes:
    count = len(survey.level_names)
    with draw(width=10.5, height=1.2 + 1.6 * count) as (figure, picture):
        axes = figure.subplots(count, 3, squeeze=False, sharex=True)
        for level, name in enumerate(survey.level_names):
            results = [result for result in survey.results if result.cell.level == level]
            _draw_level(axes[level, 0], results, "detection", lambda result: result.detection)
            _draw_level(axes[level, 1], results, "MMP(0.2), ideal dashed",
                        lambda result: result.mmp, lambda result: result.mmp_ideal)
            _draw_level(axes[level, 2], results, "FMI, ideal dashed",
                        lambda result: result.fmi, lambda result: result.fmi_ideal)
            axes[level, 0].set_ylabel(name, fontsize=8)
        axes[0, 0].legend(fontsize=7, frameon=False, ncols=2)
        for bottom in axes[-1]:
            bottom.set_xlabel("lamp frequency in Hz")
    return picture.getvalue()


def _draw_level(axes, results: list[LampResult], title: str, measured, ideal=None) -> None:
    for index, duty in enumerate(sorted({result.cell.duty for result in results})):
        mine = sorted((result for result in results if result.cell.duty == duty),
                      key=lambda result: result.cell.frequency_hz)
        frequency = [result.cell.frequency_hz for result in mine]
        axes.plot(frequency, [measured(result) for result in mine], color=f"C{index}",
                  linewidth=1, label=f"{duty:.0%}")
        if ideal:
            axes.plot(frequency, [ideal(result) for result in mine], color=f"C{index}",
                      linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_ylim(-0.05, 1.05)
    axes.set_title(title, loc="left", fontsize=8)
    axes.grid(alpha=0.25)
