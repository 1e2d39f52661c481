# SPDX-License-Identifier: Apache-2.0
"""Broken pixel dies and scenes at the ends of the scale: reported, saturated, as the models say."""

import numpy as np
import pytest

from support.die_runs import assert_exact
from tapetum_sim.pixel_die import PixelDieParameters

HALF_A_WELL = 2e7
"""Electrons per second: about half the well of the large photodiode in 23 short lines."""
BRIGHTER_THAN_EVERYTHING = 1e12
DARK_ROWS = 4
SHIELDED_COLUMNS = 4


def test_a_dead_column_is_reported(run):
    record = run(frames=3, light=HALF_A_WELL,
                 parameters=PixelDieParameters(dead_columns=(SHIELDED_COLUMNS + 9,)))
    assert_exact(record, faults={"column_limit"}, frames=3)


def test_a_stuck_comparator_is_reported(run):
    record = run(frames=3, light=HALF_A_WELL,
                 parameters=PixelDieParameters(stuck_comparators=(SHIELDED_COLUMNS + 9,)))
    assert_exact(record, faults={"column_limit"}, frames=3)


def test_a_dead_row_is_reported(run):
    record = run(light=HALF_A_WELL, parameters=PixelDieParameters(dead_rows=(DARK_ROWS + 6,)))
    assert_exact(record, faults={"dead_row"}, frames=2)


def test_a_black_frame_is_its_pedestal(run):
    record = run(light=0.0, parameters=PixelDieParameters.ideal())
    assert_exact(record, frames=2)
    assert np.all(record.linear == 64)
    assert not record.clipped.any()


def test_a_scene_brighter_than_everything_is_clipped_and_does_not_wrap(run):
    # Two frames are too few to learn columns of 3 % less gain: they would end short of the well.
    record = run(light=BRIGHTER_THAN_EVERYTHING,
                 parameters=PixelDieParameters(column_gain_spread=0.0))
    assert_exact(record, frames=2)
    assert record.clipped.all()
    assert record.linear.min() > 0.9 * record.linear.max()


@pytest.mark.parametrize("light", [0.0, BRIGHTER_THAN_EVERYTHING], ids=["black", "white"])
def test_exposures_set_by_the_die_stay_within_their_limits(run, light):
    record = run(frames=5, light=light, registers={"exposure_control": 1})
    assert_exact(record, faults=set(record.faults) & {"exposure_ratio_overflow"}, frames=5)
