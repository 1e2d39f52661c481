# SPDX-License-Identifier: Apache-2.0
"""Pixels marked as flickering where nothing does."""

import numpy as np

from ..scenes.staircase import Staircase
from .context import Context
from .lamps import lamp_survey
from .measurement import Measurement, at_most
from .noise_curve import SETTLING_FRAMES, staircase_shot

__all__ = ["false_marks"]


def false_marks(context: Context) -> Measurement:
    """Share of marked pixels in a scene that stands still."""
    shot = staircase_shot(context)
    assert shot.flicker is not None
    marks = shot.flicker[SETTLING_FRAMES:]
    columns = marks.reshape(-1, marks.shape[-1]).mean(axis=0)
    steady = [result.marked for result in lamp_survey(context).results
              if result.cell.duty == 1.0 and result.marked is not None]
    flickering = [result.marked for result in lamp_survey(context).judged
                  if result.cell.duty < 1.0 and result.marked is not None]
    return Measurement(
        key="lfm.false_marks", figure=float(marks.mean()), unit="", target=at_most(0.001),
        method=f"Share of pixels in the flicker map of the light staircase ({Staircase.__name__}"
               f": every light level, nothing moves, every temporal noise). The details tell the "
               f"worst light level, lamps that are always lit, and how many pixels of pulsed "
               f"lamps are marked.",
        details={"worst_level": float(columns.max()),
                 "steady_lamps": float(np.mean(steady)) if steady else None,
                 "pulsed_lamps": float(np.mean(flickering)) if flickering else None})
