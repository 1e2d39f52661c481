# SPDX-License-Identifier: Apache-2.0
"""Light that changes a thousandfold: exposure follows at once and then stands still."""

import numpy as np
import pytest

from support.exposure_loop import exposures, loop_config, run_loop, settled_after
from tapetum.config import LONGEST_LAMP_PERIOD_S, DieConfig
from tapetum.control.frame_settings import FrameSettings
from tapetum.stats.exposure_control import Banding, ExposureControl
from tapetum_sim.models.auto_exposure import AutoExposureModel
from tapetum_sim.scenes import Chart, Tunnel

STEP_FRAME, FRAMES = 6, 12
BRIGHT, DIM = 3e7, 3e4
"""Electrons per second of the median pixel: sunlight, and a thousandth of it."""
LONG, LCG, SMALL, SHORT = 0, 1, 2, 3


def picture(name: str, config: DieConfig, seed: int = 0) -> np.ndarray:
    """Relative to the median."""
    shape = (config.array.rows, config.array.columns)
    if name == "flat":
        return np.ones(shape)
    if name == "spread":
        return np.exp2(np.random.default_rng(seed).normal(0, 2.5, shape))
    scene = {"chart": Chart, "tunnel": Tunnel}[name](config).truth(0, 1 / 60)
    return scene / np.median(scene)


def step(before: float, after: float):
    return lambda frame: after if frame >= STEP_FRAME else before


def model_with(config: DieConfig, **control) -> AutoExposureModel:
    return AutoExposureModel(config, ExposureControl.defaults(config) | {"enable": 1} | control)


@pytest.mark.parametrize("before, after", [(DIM, BRIGHT), (BRIGHT, DIM)])
@pytest.mark.parametrize("name, phase", [("flat", 0.4), ("spread", 0.0), ("chart", 0.0),
                                         ("tunnel", 0.4)])
def test_a_step_of_a_thousand_settles_within_three_frames(name, phase, before, after, seed):
    """The step comes ``phase`` frame times before the first frame that sees nothing else."""
    config = loop_config()
    loop = run_loop(config, picture(name, config), step(before, after), FRAMES,
                    AutoExposureModel(config), phase=phase, seed=seed)
    assert abs(np.log2(BRIGHT / DIM) - 9.97) < 0.01
    assert abs(exposures(loop, LONG)[STEP_FRAME - 2] - exposures(loop, LONG)[-1]) > 7, "octaves"
    assert settled_after(loop, STEP_FRAME, captures=[LONG, LCG, SMALL]) <= 2
    assert settled_after(loop, STEP_FRAME, captures=[SHORT]) <= 3, "its percentile is one pixel"
    for capture in range(4):
        assert max(abs(np.diff(exposures(loop, capture)[-3:]))) < 0.25, "no oscillation"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flat", "spread", "chart", "tunnel"])
@pytest.mark.parametrize("before", [3e3, 3e4, 3e5, 3e6, 3e7])
def test_steps_settle_at_every_level_of_light(name, before, seed):
    config = loop_config(columns=64, rows=32)
    after = before * 1000 if before < 1e6 else before / 1000
    for phase in (0.0, 0.3, 0.7):
        loop = run_loop(config, picture(name, config), step(before, after), FRAMES,
                        AutoExposureModel(config), phase=phase, seed=seed)
        assert settled_after(loop, STEP_FRAME) <= 3


@pytest.mark.parametrize("level", [DIM, BRIGHT])
def test_noise_moves_nothing(level, seed):
    config = loop_config()
    loop = run_loop(config, picture("spread", config), lambda frame: level, 9,
                    AutoExposureModel(config), seed=seed)
    for capture in range(4):
        assert len(set(exposures(loop, capture)[-5:])) == 1


@pytest.mark.parametrize("octaves_per_frame", [0.7, -0.7])
def test_a_ramp_is_followed_without_overshoot(octaves_per_frame, seed):
    config = loop_config()
    start = BRIGHT / 20 if octaves_per_frame > 0 else BRIGHT
    frames = np.arange(12)
    light = start * 2 ** (octaves_per_frame * frames)
    loop = run_loop(config, picture("flat", config), lambda frame: light[frame], len(frames),
                    AutoExposureModel(config), seed=seed)
    electrons = config.pixel.large_full_well_electrons / 8
    target = np.log2(electrons * config.sync_clock_hz / light)
    lag = (np.array(exposures(loop, LCG)) - target)[4:] / octaves_per_frame
    assert lag.min() > 0.3, "frames"
    assert lag.max() < 2.7


def test_the_median_reaches_its_target(seed):
    config = loop_config()
    loop = run_loop(config, picture("flat", config), lambda frame: BRIGHT, 5,
                    AutoExposureModel(config), seed=seed)
    seconds = 2 ** exposures(loop, LCG)[-1] / config.sync_clock_hz
    assert BRIGHT * seconds == pytest.approx(config.pixel.large_full_well_electrons / 8, rel=0.15)


def test_black_and_white_end_at_the_limits():
    config = loop_config()
    longest = config.longest_integration_lines
    black = run_loop(config, picture("flat", config), lambda frame: 1e-3, 8,
                     AutoExposureModel(config)).settings[-1]["captures"]
    assert [black[capture]["coarse_integration_lines"] for capture in (LONG, LCG, SMALL)] == [
        longest] * 3
    white = run_loop(config, picture("flat", config), lambda frame: 1e14, 12,
                     AutoExposureModel(config)).settings[-1]["captures"]
    for capture in (LONG, LCG, SHORT):
        assert white[capture]["coarse_integration_lines"] == 0
        assert white[capture]["fine_integration_cycles"] == 16
    lines = white[SMALL]["coarse_integration_lines"]
    assert lines * config.line_time_s >= LONGEST_LAMP_PERIOD_S
    assert (lines - 1) * config.line_time_s < LONGEST_LAMP_PERIOD_S


def test_a_small_photodiode_sees_every_pulse_in_any_light(seed):
    config = loop_config()
    loop = run_loop(config, picture("spread", config), step(DIM, BRIGHT), FRAMES,
                    AutoExposureModel(config), seed=seed)
    shortest = min(exposures(loop, SMALL)[2:])
    assert 2 ** shortest / config.sync_clock_hz >= LONGEST_LAMP_PERIOD_S


@pytest.mark.parametrize("kinds", ["L", "HLV", "HLS"])
def test_any_list_of_captures_settles(kinds, seed):
    vga = loop_config()
    names = {"H": 0, "L": 1, "S": 2, "V": 3}
    config = vga.with_(captures=tuple(vga.captures[names[kind]] for kind in kinds))
    model = AutoExposureModel(config)
    loop = run_loop(config, picture("flat", config), step(DIM, BRIGHT), FRAMES, model, seed=seed)
    # Without a very short capture all is saturated at first: a big step, then the right one.
    assert settled_after(loop, STEP_FRAME) <= (3 if "V" in kinds else 5)


def test_gains_keep_the_captures_on_one_scale(seed):
    """Code times gain over exposure is the same for all, for any exposures."""
    config = loop_config()
    loop = run_loop(config, picture("spread", config), step(DIM, BRIGHT), FRAMES,
                    AutoExposureModel(config), seed=seed)
    defaults = FrameSettings.defaults(config)

    def responses(settings):
        line, values = settings["line_length_cycles"], []
        first = settings["captures"][0]
        for capture in settings["captures"]:
            cycles, origin = (c["coarse_integration_lines"] * line + c["fine_integration_cycles"]
                              for c in (capture, first))
            values.append(capture["normalisation_mantissa"] / 2 ** capture["normalisation_shift"]
                          * cycles / origin)
        return np.array(values)

    for settings in loop.settings:
        assert responses(settings) == pytest.approx(responses(defaults), rel=2 ** -14)
        assert settings["captures"][0]["normalisation_mantissa"] == (
            defaults["captures"][0]["normalisation_mantissa"])


@pytest.mark.parametrize("banding, frequency", [(Banding.HZ_100, 100), (Banding.HZ_120, 120)])
def test_long_exposures_are_whole_periods_of_the_mains(banding, frequency, seed):
    config = loop_config()
    loop = run_loop(config, picture("flat", config), lambda frame: 1e5, 6,
                    model_with(config, banding=banding), seed=seed)
    seconds = 2 ** exposures(loop, LCG)[-1] / config.sync_clock_hz
    assert seconds * frequency == pytest.approx(1, rel=1e-6)
    short = run_loop(config, picture("flat", config), lambda frame: BRIGHT, 6,
                     model_with(config, banding=banding), seed=seed)
    assert exposures(short, LCG)[-1] < np.log2(config.sync_clock_hz / frequency)


def test_hold_keeps_the_exposures(seed):
    config = loop_config()
    model = model_with(config)
    still = run_loop(config, picture("flat", config), lambda frame: DIM, 5, model, seed=seed)
    model.control["hold"] = 1
    held = run_loop(config, picture("flat", config), lambda frame: BRIGHT, 5, model, seed=seed)
    assert held.settings[-1]["captures"] == still.settings[-1]["captures"]
