# SPDX-License-Identifier: Apache-2.0
"""The radiance error is what is wrong beyond noise."""

import numpy as np
import pytest

from support.cameras import Camera, truth_of
from tapetum.presets import preset
from tapetum_sim.characterise.optimum import optimum_noise
from tapetum_sim.characterise.scene_error import radiance_error, scene_error
from tapetum_sim.pixel_die import PixelDieParameters

CONFIG = preset("qvga")


def seeing(*, gain: float = 1.0, pattern: float = 0.0, noise: float = 1.0):
    """A camera with the optimum's noise, a wrong gain and a fixed pattern."""
    def see(config, plan, windows):
        truth = truth_of(config, plan, windows)
        generator = np.random.default_rng(2)
        fixed = 1 + pattern * generator.standard_normal(truth.shape[1:])
        spread = optimum_noise(config, plan.parameters, truth)
        spread = np.where(np.isfinite(spread), spread, 0)
        return gain * fixed * truth + noise * spread * generator.standard_normal(truth.shape)
    return see


def error_of(result) -> float:
    assert result.error_rms is not None
    return result.error_rms


@pytest.mark.parametrize("scene", ["chart", "tunnel"])
def test_noise_alone_is_no_error(scene):
    result = scene_error(Camera.of(CONFIG, seeing()), scene)
    assert error_of(result) < 0.004
    assert error_of(result) < (result.total_rms or 0)
    assert result.judged > 0.1


def test_twice_the_noise_is_no_error_either():
    assert error_of(scene_error(Camera.of(CONFIG, seeing(noise=2)), "chart")) < 0.006


def test_a_wrong_gain_is_found():
    result = scene_error(Camera.of(CONFIG, seeing(gain=1.03)), "chart")
    assert result.error_rms == pytest.approx(0.03, abs=0.001)
    assert result.bias == pytest.approx(0.03, abs=0.001)


def test_the_pixels_own_spread_is_taken_off():
    spread = PixelDieParameters().photo_response_spread
    own = scene_error(Camera.of(CONFIG, seeing(pattern=spread)), "chart")
    assert error_of(own) < 0.003
    more = scene_error(Camera.of(CONFIG, seeing(pattern=float(np.hypot(spread, 0.02)))), "chart")
    assert error_of(more) == pytest.approx(0.02, rel=0.1)


def test_moving_things_and_lamps_are_left_out():
    result = scene_error(Camera.of(CONFIG, seeing()), "tunnel")
    assert 0.005 < result.moving < 0.5
    assert result.judged + result.moving <= 1


def test_the_worst_scene_is_the_figure():
    measured = radiance_error(Camera.of(CONFIG, seeing(gain=1.02)))
    assert measured.figure == max(scene["error_rms"] for scene in measured.details["scenes"])
    assert measured.met is False


def test_what_is_too_bright_is_not_judged(tmp_path):
    """Half of the picture lies beyond every capture, the other half in the dark."""
    pixels = np.full((240, 320), 1e-9)
    pixels[:120] = 1.0
    np.save(tmp_path / "extremes.npy", pixels)
    camera = Camera.of(CONFIG, lambda config, plan, windows: 2 * truth_of(config, plan, windows))
    result = scene_error(camera, str(tmp_path / "extremes.npy"))
    assert result.clipped == 0.5
    assert result.judged == 0
    assert result.error_rms is None
