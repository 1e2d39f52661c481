# SPDX-License-Identifier: Apache-2.0
"""Shots of the models: the right light in the right pixel at the right time; ghosts are seen."""

from dataclasses import replace

import numpy as np
import pytest

from tapetum.presets import preset
from tapetum_sim.characterise.backends import Backend, plan_requests, settings_with, take
from tapetum_sim.characterise.context import Context
from tapetum_sim.characterise.features import without_corrections
from tapetum_sim.characterise.ghosts import ghosts
from tapetum_sim.characterise.plan import Plan
from tapetum_sim.characterise.shot import Shot
from tapetum_sim.pixel_die import PixelDieParameters, exposure_window
from tapetum_sim.scenes.staircase import Staircase

TINY = preset("tiny")
FIRST_EXPOSURE_S = TINY.exposure_cycles(TINY.captures[0]) / TINY.sync_clock_hz


def still(name="still", registers=None):
    scene = Staircase(TINY, 100 / FIRST_EXPOSURE_S, 2000 / FIRST_EXPOSURE_S)
    return Plan(name=name, scene=scene, parameters=PixelDieParameters.ideal(), frames=2,
                registers=registers or {})


def shoot(plan, tmp_path) -> Shot:
    return take(Backend.MODEL, TINY, plan, seed=1, directory=tmp_path,
                progress=lambda text, done, total: None)


def test_planned_exposures_are_those_of_the_rolling_shutter():
    requests = plan_requests(TINY, settings_with(TINY, {}), 2)
    signal = requests[requests["command"]["kind"] == 1]
    for request in signal[::37]:
        tag = request["command"]["tag"]
        start, end = exposure_window(TINY, int(tag["frame"]) + 1, int(request["physical_row"]),
                                     int(tag["capture"]))
        assert request["exposure_start_cycles"] == pytest.approx(start * TINY.sync_clock_hz)
        assert request["exposure_end_cycles"] == pytest.approx(end * TINY.sync_clock_hz)


def test_a_shot_holds_the_light_of_its_scene(tmp_path):
    # Its steps are one pixel wide: dynamic correction takes the brightest in a corner for a defect.
    plan = still(registers=without_corrections(TINY, "defects_dynamic"))
    shot = shoot(plan, tmp_path)
    truth = plan.scene.row_radiance(0, 0, 1) * FIRST_EXPOSURE_S
    coarse = TINY.electrons_per_code(TINY.captures[0])
    assert np.abs(shot.electrons - truth).max() < 3 * coarse
    assert shot.linear.shape == (2, 48, 64)
    assert not shot.clipped.any()
    assert shot.flicker is None or shot.flicker.shape == shot.linear.shape


def test_a_region_is_placed_by_its_rows(tmp_path):
    whole = shoot(still(), tmp_path)
    part = shoot(still("part", {"y_addr_start": 8, "y_addr_end": 31}), tmp_path)
    assert part.array_rows.tolist() == list(range(8, 32))
    assert np.array_equal(part.codes, whole.codes[:, :, 8:32])
    exposure = np.diff(part.windows, axis=-1)[..., 0]
    for index, capture in enumerate(TINY.captures):
        assert exposure[:, index] == pytest.approx(
            TINY.exposure_cycles(capture) / TINY.sync_clock_hz)


class Haunted(Context):
    """Adds to some values of the combined frame what no capture has seen."""

    def take(self, plan):
        shot = super().take(plan)
        linear = shot.linear.copy()
        linear[-1, 3, 5] += 200_000
        return replace(shot, linear=linear)


def test_values_outside_of_all_captures_are_ghosts():
    assert ghosts(Context(config=TINY, backend=Backend.MODEL)).met is True
    haunted = ghosts(Haunted(config=TINY, backend=Backend.MODEL))
    assert haunted.met is False
    assert haunted.details["pixels_outside"] == 1
