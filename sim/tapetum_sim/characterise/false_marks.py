# SPDX-License-Identifier: Apache-2.0
"""Pixels marked as flickering where nothing does."""

import numpy as np

from .context import Context
from .lamps import lamp_survey
from .measurement import Measurement, at_most
from .noise_curve import SETTLING_FRAMES, staircase_shot

__all__ = ["false_marks"]


def false_marks(context: Context) -> Measurement:
    """Share of marked pixels in a scene that stands still."""
    marks = staircase_shot(context).flicker
    figure, details = None, {}
    if marks is not None:
        marks = marks[SETTLING_FRAMES:]
        lamps = [result for result in lamp_survey(context).judged if result.marked is not None]
        details = {
            "worst_level": float(marks.mean(axis=(0, 1)).max()),
            "steady_lamps": _mean([lamp.marked for lamp in lamps if lamp.cell.duty == 1.0]),
            "pulsed_lamps": _mean([lamp.marked for lamp in lamps if lamp.cell.duty < 1.0])}
        figure = float(marks.mean())
    return Measurement(
        key="lfm.false_marks", figure=figure, unit="", target=at_most(0.001), details=details,
        method="Share of pixels in the flicker map of a light staircase: every light level, "
               "nothing moves, every temporal noise. The details tell the worst light level, and "
               "how many pixels are marked of lamps that are always lit and of pulsed ones.")


def _mean(values: list) -> float | None:
    return float(np.mean(values)) if values else None
