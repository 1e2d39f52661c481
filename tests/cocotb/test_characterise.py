# SPDX-License-Identifier: Apache-2.0
"""A shot of the RTL is the shot of the models: what is measured with one holds for the other."""

import numpy as np
import pytest

from support.die_runs import build_once
from tapetum.presets import preset
from tapetum_sim.characterise.backends import Backend, take
from tapetum_sim.characterise.plan import Plan, short_frame
from tapetum_sim.frame.build import build_simulator
from tapetum_sim.pixel_die import PixelDieParameters
from tapetum_sim.scenes.staircase import Staircase

TINY = preset("tiny")

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("backend", [Backend.RTL, Backend.RAMPS], ids=lambda b: b.value)
def test_the_rtl_takes_what_the_models_take(backend, tmp_path, seed):
    if backend is Backend.RAMPS:
        build_once(TINY)
    else:
        build_simulator(TINY, direct=True)
    plan = Plan(name="staircase", scene=Staircase(TINY, 10.0, 1e9), frames=2,
                parameters=PixelDieParameters(), registers=short_frame(TINY, rows=24))
    shots = [take(chosen, TINY, plan, seed=seed, directory=tmp_path / chosen.value,
                  progress=lambda text, done, total: None)
             for chosen in (Backend.MODEL, backend)]
    model, measured = shots
    assert measured.compared > 0
    assert measured.mismatches == 0
    for name in ("codes", "corrected", "linear", "clipped", "array_rows"):
        assert np.array_equal(getattr(model, name), getattr(measured, name)), name
    lengths = [np.diff(shot.windows, axis=-1) for shot in shots]
    assert lengths[0] == pytest.approx(lengths[1])
