# SPDX-License-Identifier: Apache-2.0
"""Corrected and touched pixels are counted; frames to settle are those after the step."""

import numpy as np
import pytest

from support.cameras import exposure_windows
from tapetum.presets import preset
from tapetum_sim.characterise.defect_figures import SETTLING_FRAMES, count_defects
from tapetum_sim.characterise.exposure_figures import frames_after
from tapetum_sim.characterise.shot import Shot

CONFIG = preset("tiny")
ROWS, COLUMNS = CONFIG.array.rows, CONFIG.array.columns
FRAMES = SETTLING_FRAMES + 1


def shot_with(corrected: np.ndarray, windows: np.ndarray | None = None) -> Shot:
    return Shot(config=CONFIG, numbers=list(range(len(corrected))), settings={},
                array_rows=np.arange(ROWS), codes=np.zeros(()), corrected=corrected,
                linear=np.zeros(()), clipped=np.zeros(()), flicker=None,
                windows=np.zeros(()) if windows is None else windows)


@pytest.fixture
def field(seed):
    """Frames of one capture at 2000 quarter codes, with a deviation of 20."""
    noise = np.random.default_rng(seed).standard_normal((FRAMES, 1, ROWS, COLUMNS))
    return np.rint(2000 + 20 * noise).astype(int)


def test_defects_that_deviate_are_counted_and_those_that_are_restored(field):
    before, defective = field.copy(), np.zeros((ROWS, COLUMNS), bool)
    for row, column, code in ((0, 0, 3500), (5, 9, 100), (47, 63, 3900), (20, 20, 2010)):
        defective[row, column] = True
        before[:, 0, row, column] = code
    after = before.copy()
    after[:, 0, 0, 0] = after[:, 0, 47, 63] = 2005
    count = count_defects(shot_with(before), shot_with(after), 0, defective)
    assert (count.defective, count.corrected) == (3, 2), "one of four does not deviate"
    assert (count.good, count.touched) == (ROWS * COLUMNS - 4, 0)


def test_good_pixels_that_change_are_counted(field):
    after = field.copy()
    after[:, 0, 3, 3:6] += 1
    count = count_defects(shot_with(field), shot_with(after), 0, np.zeros((ROWS, COLUMNS), bool))
    assert (count.defective, count.touched) == (0, 3)


def test_pixels_that_stay_saturated_are_counted_apart(field):
    before = np.full_like(field, 4095)
    after = before.copy()
    after[:, 0, 3, 3] = 3900  # of another saturated code
    after[:, 0, 5, 5] = 3000
    count = count_defects(shot_with(before), shot_with(after), 0, np.zeros((ROWS, COLUMNS), bool))
    assert (count.good, count.touched, count.touched_saturated) == (1, 1, 1)


def test_saturated_light_is_not_judged(field):
    bright = np.full_like(field, 4095)
    defective = np.zeros((ROWS, COLUMNS), bool)
    defective[4, 4] = True
    bright[:, 0, 4, 4] = 10
    assert count_defects(shot_with(bright), shot_with(bright), 0, defective).defective == 0


def windows_with(exposures: list[float]) -> np.ndarray:
    """Windows whose exposures are these multiples of the usual ones."""
    windows = exposure_windows(CONFIG, len(exposures))
    length = windows[..., 1] - windows[..., 0]
    windows[..., 0] = windows[..., 1] - length * np.array(exposures)[:, None, None]
    return windows


@pytest.mark.parametrize("exposures, frames", [
    ([1, 1, 1, 1, 1, 1], 0), ([1, 1, 1, 1, 0.1, 0.1], 2), ([1, 1, 0.5, 0.11, 0.1, 0.1], 1),
    ([1, 1, 1, 0.1, 1, 0.1], 3)])
def test_frames_count_from_the_first_wholly_after_the_step(exposures, frames):
    shot = shot_with(np.zeros((6, 1, 1, 1)), windows_with(exposures))
    step = shot.windows[2, ..., 0].min()
    assert frames_after(shot, float(step), float("inf")) == frames


def test_without_a_frame_after_the_step_there_is_no_number():
    shot = shot_with(np.zeros((2, 1, 1, 1)), windows_with([1, 1]))
    assert frames_after(shot, 1e3, float("inf")) is None
