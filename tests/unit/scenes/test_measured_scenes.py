# SPDX-License-Identifier: Apache-2.0
"""Scenes made for measuring: their light is what their parameters say, integrated exactly."""

from itertools import pairwise

import numpy as np
import pytest

from tapetum.presets import preset
from tapetum_sim.scenes.lamp_sweep import LampSweep
from tapetum_sim.scenes.moving_edge import MovingEdge
from tapetum_sim.scenes.pulse import PulseTrain
from tapetum_sim.scenes.scene import Scene
from tapetum_sim.scenes.staircase import Staircase
from tapetum_sim.scenes.switched_light import SwitchedLight

TINY, VGA = preset("tiny"), preset("vga")


def scenes():
    return [
        Staircase(TINY, 1.0, 1e9), SwitchedLight(TINY, [(0.0, 5.0)]),
        LampSweep(TINY, mean_rates=[100.0], duties=[0.1, 0.5], frequencies_hz=[90.0, 137.0]),
        MovingEdge(TINY, dark=1.0, bright=50.0, pixels_per_second=1200.0, stripe_pixels=7)]


@pytest.mark.parametrize("scene", scenes(), ids=lambda scene: scene.name)
def test_it_is_a_scene(scene):
    assert isinstance(scene, Scene)
    assert scene.truth(0.0, 0.01).shape == (48, 64)
    assert scene.picture().shape == (48, 64, 3)


@pytest.mark.parametrize("scene", scenes(), ids=lambda scene: scene.name)
def test_an_exposure_is_the_sum_of_its_parts(scene, seed):
    cuts = np.sort(np.random.default_rng(seed).uniform(0, 0.1, 6))
    for row in (0, 13, 47):
        parts = sum((end - start) * scene.row_radiance(row, start, end)
                    for start, end in pairwise(cuts))
        whole = (cuts[-1] - cuts[0]) * scene.row_radiance(row, cuts[0], cuts[-1])
        assert parts == pytest.approx(whole, rel=1e-9)


def test_a_staircase_rises_evenly_from_dark():
    rates = Staircase(TINY, 2.0, 2e6).row_radiance(7, 0.0, 1.0)
    dark = Staircase(TINY, 2.0, 2e6).dark_columns
    assert not rates[:dark].any()
    assert rates[dark] == pytest.approx(2.0)
    assert rates[-1] == pytest.approx(2e6)
    assert np.ptp(np.diff(np.log(rates[dark:]))) < 1e-9


def test_light_is_switched_at_its_times():
    scene = SwitchedLight(TINY, [(0.0, 1.0), (2.0, 100.0), (3.0, 10.0)])
    assert scene.mean_rate(-5.0, 2.0) == pytest.approx(1.0)
    assert scene.mean_rate(1.0, 3.0) == pytest.approx((1 + 100) / 2)
    assert scene.mean_rate(2.5, 4.0) == pytest.approx((50 + 10) / 1.5)
    with pytest.raises(ValueError, match="rise in time"):
        SwitchedLight(TINY, [(1.0, 1.0), (0.0, 1.0)])


def test_shading_is_a_share_of_the_light():
    shading = np.linspace(0, 1, 64)
    scene = SwitchedLight(TINY, [(0.0, 8.0)], shading)
    assert scene.row_radiance(3, 0.0, 1.0) == pytest.approx(8 * shading)


def test_a_sweep_has_every_lamp_at_every_phase():
    scene = LampSweep(VGA, mean_rates=[1e3, 1e5], duties=[0.1, 1.0], frequencies_hz=[90.0, 333.0])
    assert {(cell.level, cell.duty, cell.frequency_hz) for cell in scene.cells} == {
        (level, duty, frequency) for level in (0, 1) for duty in (0.1, 1.0)
        for frequency in (90.0, 333.0)}
    start, end = 0.012, 0.0231
    for cell in scene.cells:
        row = scene.row_radiance(cell.rows.start, start, end)[cell.columns]
        phases = np.arange(row.size) / row.size
        expected = [PulseTrain(frequency_hz=cell.frequency_hz, duty=cell.duty,
                               phase=phase).on_fraction(start, end) for phase in phases]
        assert row == pytest.approx(np.array(expected) * cell.mean_rate / cell.duty)
        assert row.mean() == pytest.approx(cell.mean_rate, rel=1e-3), "all phases: the mean"


def test_a_sweep_that_does_not_fit_says_so():
    with pytest.raises(ValueError, match="do not fit 64x48"):
        LampSweep(TINY, mean_rates=[1.0], duties=[0.5], frequencies_hz=range(90, 120))


def test_a_standing_stripe_covers_its_pixels_only():
    scene = MovingEdge(TINY, dark=1.0, bright=3.0, pixels_per_second=0.0, stripe_pixels=8)
    row = scene.row_radiance(0, 0.0, 0.01)
    assert row[:8].tolist() == [3.0] * 8
    assert row[8:16].tolist() == [1.0] * 8


def test_a_moving_stripe_is_the_mean_of_its_positions():
    scene = MovingEdge(TINY, dark=1.0, bright=3.0, pixels_per_second=1000.0, stripe_pixels=8)
    times = np.linspace(0.001, 0.006, 20_001)
    left = np.arange(64)[:, None] - 1000.0 * times
    position = (left[..., None] + (np.arange(16) + 0.5) / 16) % 16
    sampled = 1.0 + 2.0 * (position < 8).mean(axis=(1, 2))
    assert scene.row_radiance(0, 0.001, 0.006) == pytest.approx(sampled, abs=2e-3)
