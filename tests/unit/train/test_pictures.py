# SPDX-License-Identifier: Apache-2.0
"""What the network learns from is what the die would have seen."""

import numpy as np
import pytest

from tapetum.presets import preset
from tapetum_sim.characterise.backends import Backend, take
from tapetum_sim.characterise.plan import Plan
from tapetum_sim.pixel_die import PixelDieParameters
from tapetum_sim.scenes import Tunnel
from tapetum_sim.scenes.layers import MovingLayer
from tapetum_sim.scenes.motion import LinearPath
from tapetum_sim.scenes.planes import stack_planes
from tapetum_sim.scenes.tunnel_geometry import CAMERA_HEIGHT_M, Camera
from tapetum_sim.scenes.tunnel_sprites import pedestrian
from tapetum_sim.train.camera import FastCamera
from tapetum_sim.train.data import INPUT_SHAPE, make_pictures
from tapetum_sim.train.tunnel_pictures import CLASSES, Canvas, TunnelPicture


def camera_of(config):
    rows, columns, channels = INPUT_SHAPE
    return FastCamera(config, rows=rows, columns=columns, channels=channels)


def test_a_sprite_covers_what_the_simulators_layer_covers():
    camera, canvas = Camera.for_array(48, 64), np.full((48, 64, 3), 5.0)
    radiance, alpha = pedestrian()
    Canvas(canvas, camera).paste(radiance, alpha, -1.2, 0.0, 8.0, 0.02)
    left, top = camera.project(-1.2 - 0.45, 1.8 - CAMERA_HEIGHT_M, 8.0)
    layer = MovingLayer("walker", radiance, alpha, LinearPath(
        x_px=left, y_px=top, scale=0.02 * camera.focal_px / 8.0))
    drawn = stack_planes(np.full((48, 64, 3), 5.0))
    for plane in range(3):
        for row in range(48):
            layer.apply(drawn[plane, row], np.full(64, plane), row, 0.0, 1e-9)
    assert np.abs(np.moveaxis(drawn[:3], 0, -1) - canvas).max() < 1e-9


@pytest.mark.slow
def test_the_fast_camera_sees_what_the_models_of_the_whole_die_see(tmp_path):
    """The tunnel at rest: means of eight frames, cell by cell."""
    config = preset("tiny")
    scene, fast = Tunnel(config, moving=False), camera_of(config)
    assert fast.electrons_per_second == scene.electrons_per_second
    plan = Plan(name="tunnel", scene=scene, parameters=PixelDieParameters(), frames=12)
    shot = take(Backend.MODEL, config, plan, seed=1, directory=tmp_path,
                progress=lambda *state: None)
    whole = fast.vision.frame(shot.linear[4:], fast.settings).astype(float)

    lamps = []
    for layer in scene.pulsed_layers:
        lit = np.zeros((48, 64, 3))
        lit[layer.row:layer.row + layer.height, layer.column:layer.column + layer.width] = (
            np.moveaxis(layer.planes[:3], 0, -1))
        lamps.append((lit, layer.pulse))
    picture = TunnelPicture(scene.background, lamps, 0)
    generator = np.random.default_rng(1)
    drawn = fast.look([fast.codes(generator, picture) for _ in range(8)]).astype(float)

    difference = np.abs(whole.mean(axis=0) - drawn.mean(axis=0))
    assert np.median(difference) < 1
    assert np.quantile(difference, 0.95) < 3
    assert 0.85 < whole.std(axis=0).mean() / drawn.std(axis=0).mean() < 1.15


def test_pictures_depend_on_their_seeds_alone_and_show_every_class():
    camera = camera_of(preset("tiny"))
    together, = make_pictures(camera, range(6), per_background=4)
    again, = make_pictures(camera, [4], per_background=4)
    assert together.codes.shape == (24, *INPUT_SHAPE)
    assert (together.codes[16:20] == again.codes).all()
    assert set(together.labels) == set(range(len(CLASSES)))


def test_one_capture_sees_less():
    camera = camera_of(preset("tiny"))
    every, high_gain = make_pictures(camera, range(2), per_background=3, captures=[None, 0])
    brightest = high_gain.codes.reshape(6, -1).max(axis=1)
    assert (brightest < every.codes.reshape(6, -1).max(axis=1) - 30).all()
