# SPDX-License-Identifier: Apache-2.0
"""The network that comes with the package is right about tunnels that it has not seen."""

import pytest

from tapetum.npu.npu_config import NpuConfig
from tapetum.presets import preset
from tapetum_compiler.models import TUNNEL, tunnel_program
from tapetum_sim.train.camera import FastCamera
from tapetum_sim.train.data import HELD_OUT_SEED, INPUT_SHAPE, make_pictures
from tapetum_sim.train.measure import accuracy
from tapetum_sim.train.tunnel_pictures import CLASSES


def held_out(first, count):
    rows, columns, channels = INPUT_SHAPE
    camera = FastCamera(preset("tiny"), rows=rows, columns=columns, channels=channels)
    seeds = range(HELD_OUT_SEED + first, HELD_OUT_SEED + first + count)
    return make_pictures(camera, seeds)[0]


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
    assert accuracy(tunnel_program(), held_out(0, 48)) >= 0.9


@pytest.mark.slow
def test_95_of_100_pictures_are_right():
    assert accuracy(tunnel_program(), held_out(0, 2000)) >= 0.95
