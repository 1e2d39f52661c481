# SPDX-License-Identifier: Apache-2.0
"""Layers: pulsed lamps add light, moving sprites hide and shine, both averaged over the window."""

import numpy as np
import pytest

from tapetum.config import ColourFilter
from tapetum_sim.scenes import MovingLayer, PulsedLayer, PulseTrain
from tapetum_sim.scenes.motion import ApproachPath, LinearPath
from tapetum_sim.scenes.planes import plane_of_pixel

MONO = plane_of_pixel(ColourFilter.MONO, 64)[0]
RGGB = plane_of_pixel(ColourFilter.RGGB, 64)


def _square(size=8, value=3.0):
    return np.full((size, size, 3), value), np.ones((size, size))


def test_pulsed_layer_adds_its_duty_in_its_place_only():
    pulse = PulseTrain(frequency_hz=100, duty=0.25)
    radiance = np.zeros((2, 3, 3))
    radiance[..., 0], radiance[..., 1], radiance[..., 2] = 4, 8, 16
    layer = PulsedLayer("lamp", radiance, row=5, column=10, pulse=pulse)
    line = np.ones(64)
    layer.apply(line, RGGB[5 & 1], 5, 0.0, 0.02)
    # Row 5 is odd: green at even columns, blue at odd ones.
    assert line[10:13].tolist() == [1 + 2, 1 + 4, 1 + 2]
    assert line[:10].tolist() == [1] * 10
    assert line[13:].tolist() == [1] * 51
    layer.apply(line, RGGB[0], 7, 0.0, 0.02)
    assert line[13:].tolist() == [1] * 51
    assert layer.mask(16, 64).sum() == 6


def test_resting_sprite_covers_parts_of_pixels_by_area():
    layer = MovingLayer("box", *_square(), LinearPath(x_px=10.25, y_px=4.5, scale=0.5))
    line = np.ones(64)
    layer.apply(line, MONO, 5, 0.0, 0.01)
    expected = np.ones(64)
    expected[11:14] = 3.0
    expected[10], expected[14] = 1 * 0.25 + 3 * 0.75, 1 * 0.75 + 3 * 0.25
    np.testing.assert_allclose(line, expected, atol=1e-12)
    top = np.ones(64)
    layer.apply(top, MONO, 4, 0.0, 0.01)
    np.testing.assert_allclose(top, 1 + (expected - 1) / 2, atol=1e-12)


def test_moving_sprite_equals_brute_force_average():
    path = LinearPath(x_px=3.0, y_px=2.0, x_px_per_s=1200.0, y_px_per_s=90.0)
    layer = MovingLayer("box", *_square(), path)
    line = np.ones(64)
    layer.apply(line, MONO, 7, 0.001, 0.017)
    time = 0.001 + (np.arange(20_000) + 0.5) * 0.016 / 20_000
    x, y, _ = path.place(time)
    columns = np.arange(64)[:, None]
    across = np.clip(np.minimum(columns + 1, x + 8) - np.maximum(columns, x), 0, 1)
    down = np.clip(np.minimum(8, y + 8) - np.maximum(7, y), 0, 1)
    np.testing.assert_allclose(line, 1 + 2 * (across * down).mean(axis=1), atol=0.01)


def test_lamp_on_a_sprite_is_integrated_exactly():
    pulse = PulseTrain(frequency_hz=150, duty=0.1, phase=0.9)
    colour = np.zeros((8, 8, 3))
    layer = MovingLayer("lamp", colour, np.zeros((8, 8)), LinearPath(x_px=20, y_px=0,
                        x_px_per_s=500), emission=np.full((8, 8, 3), 5.0), pulse=pulse)
    for start, end in ((0.0, 0.0111), (0.003, 0.00301), (0.0007, 0.02)):
        line = np.zeros(64)
        layer.apply(line, MONO, 3, start, end)
        assert line.sum() == pytest.approx(40 * pulse.on_fraction(start, end), abs=1e-9)


def test_sprite_leaves_rows_and_columns_outside_alone():
    layer = MovingLayer("box", *_square(), LinearPath(x_px=80, y_px=4, x_px_per_s=-10, lap_s=0.5))
    for row in (3, 5, 13):
        line = np.ones(64)
        layer.apply(line, MONO, row, -0.3, -0.29)
        assert line.tolist() == [1] * 64


def test_approaching_sprite_keeps_its_radiance_and_grows():
    path = ApproachPath(focal_px=100, centre_x_px=32, centre_y_px=24, left_m=-1, top_m=-1,
                        texel_m=0.25, distance_m=20, speed_m_per_s=10, lap_s=1.0)
    layer = MovingLayer("box", *_square(), path)
    widths = []
    for time in (0.0, 0.9):
        line = np.zeros(64)
        layer.apply(line, MONO, 24, time, time + 1e-6)
        assert line.max() == pytest.approx(3.0)
        widths.append(line.sum() / 3)
    assert widths == pytest.approx([10.0, 200 / 11], rel=1e-3)


def test_rejects_a_path_through_the_camera():
    with pytest.raises(ValueError, match="in front of the camera"):
        ApproachPath(focal_px=1, centre_x_px=0, centre_y_px=0, left_m=0, top_m=0, texel_m=1,
                     distance_m=10, speed_m_per_s=10, lap_s=1)
