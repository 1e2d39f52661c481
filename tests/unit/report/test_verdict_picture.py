# SPDX-License-Identifier: Apache-2.0
"""The picture says what the array saw, and what it said."""

import io

import numpy as np
import pytest
from PIL import Image

from tapetum_sim.frame.record import VerdictOutcome
from tapetum_sim.report.pictures import JUDGED, WITHHELD, judged_png, png


def outcome(name: str | None, flags: tuple[str, ...], region: tuple[int, ...]) -> VerdictOutcome:
    return VerdictOutcome(
        frame=0, flags=flags, class_number=0 if name else None, class_name=name,
        scores=(17, -4) if name else (), cycles=1, latency_s=None, region=region, model_id=1)


@pytest.mark.parametrize("name, flags, colour", [
    ("pedestrian", ("valid",), JUDGED), (None, ("late",), WITHHELD)])
def test_the_region_is_framed_in_the_colour_of_the_verdict(name, flags, colour):
    dark = np.zeros((48, 64, 3), np.uint8)
    drawn = np.asarray(Image.open(io.BytesIO(
        judged_png(dark, outcome(name, flags, (16, 20, 40, 28))))))
    plain = np.asarray(Image.open(io.BytesIO(png(dark))))
    assert drawn.shape == plain.shape
    factor = plain.shape[1] // 64
    changed = np.argwhere(drawn.any(axis=2))
    assert changed.min(axis=0).tolist() == [20 * factor, 16 * factor]
    assert changed.max(axis=0)[0] == 48 * factor - 1
    assert tuple(drawn[48 * factor - 1, 20 * factor]) == colour


def test_what_is_said_changes_the_picture():
    dark = np.zeros((480, 640, 3), np.uint8)
    whole = (0, 0, 640, 480)
    assert judged_png(dark, outcome("clear", ("valid",), whole)) != judged_png(
        dark, outcome("cloudy", ("valid",), whole))
