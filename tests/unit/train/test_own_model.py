# SPDX-License-Identifier: Apache-2.0
"""The network that comes with the package is right about tunnels that it has not seen."""

import pytest

from tapetum.npu.npu_config import NpuConfig
from tapetum.presets import preset
from tapetum_compiler.models import TUNNEL, tunnel_program
from tapetum_sim.characterise.backends import Backend, take
from tapetum_sim.characterise.plan import Plan
from tapetum_sim.pixel_die import PixelDieParameters
from tapetum_sim.scenes import Tunnel
from tapetum_sim.train.camera import FastCamera
from tapetum_sim.train.data import HELD_OUT_SEED, INPUT_SHAPE, make_pictures
from tapetum_sim.train.measure import accuracy, verdicts
from tapetum_sim.train.tunnel_pictures import CLASSES


def tiny_camera():
    rows, columns, channels = INPUT_SHAPE
    return FastCamera(preset("tiny"), rows=rows, columns=columns, channels=channels)


def held_out(count):
    return make_pictures(tiny_camera(), range(HELD_OUT_SEED, HELD_OUT_SEED + count))[0]


def test_it_fits_the_array_and_says_what_it_sees():
    program, array = tunnel_program(), NpuConfig()
    assert program.input_shape == INPUT_SHAPE
    assert program.class_names == CLASSES
    assert (program.input_scale, program.input_zero_point) == (1 / 128, 0)
    assert TUNNEL.stat().st_size < 50_000
    assert program.cells == array.cells
    assert program.weights.shape[1] <= array.weight_words
    assert program.bias.shape[1] <= array.parameter_words


def test_most_of_a_few_dozen_pictures_are_right():
    assert accuracy(tunnel_program(), held_out(48)) >= 0.9


@pytest.mark.slow
def test_95_of_100_pictures_are_right():
    assert accuracy(tunnel_program(), held_out(2000)) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("moving, verdict", [(True, "pedestrian in shadow"), (False, "clear")])
def test_the_simulators_scene_is_told_apart_with_and_without_its_pedestrian(
        moving, verdict, tmp_path, seed):
    """Through the models of the whole die, from trip codes on."""
    camera = tiny_camera()
    plan = Plan(name="tunnel", scene=Tunnel(camera.config, moving=moving),
                parameters=PixelDieParameters(), frames=5)
    shot = take(Backend.MODEL, camera.config, plan, seed=seed, directory=tmp_path,
                progress=lambda *state: None)
    found = verdicts(tunnel_program(), camera.vision.frame(shot.linear, camera.settings))
    assert [CLASSES[each] for each in found] == [verdict] * 5
