# SPDX-License-Identifier: Apache-2.0
"""An ideal integrator is found ideal; a camera that misses pulses is caught."""

import numpy as np
import pytest

from support.cameras import Camera, truth_of
from tapetum.config import CaptureConfig
from tapetum.presets import preset
from tapetum_sim.characterise.lamp_figures import detection, mmp, mmp_below_ideal, mmp_ideal
from tapetum_sim.characterise.lamps import anti_flicker_capture, lamp_survey

VGA = preset("vga")
NAMES = [capture.name for capture in VGA.captures]


def integrating(name: str, noise: float = 0.02):
    def see(config, plan, windows):
        truth = truth_of(config, plan, windows, NAMES.index(name))
        generator = np.random.default_rng(3)
        return truth * (1 + noise * generator.standard_normal(truth.shape))
    return see


def figure(measurement) -> float:
    assert measurement.figure is not None
    return measurement.figure


@pytest.fixture(scope="module")
def small_photodiode():
    return Camera.of(VGA, integrating("SPD"), frames=2)


@pytest.fixture(scope="module")
def very_short():
    return Camera.of(VGA, integrating("VS"), frames=2)


def test_an_integrator_of_one_period_sees_every_pulse(small_photodiode):
    assert detection(small_photodiode).figure == 1.0


def test_an_integrator_is_as_steady_as_the_ideal_one(small_photodiode):
    assert abs(mmp_below_ideal(small_photodiode).details["mean_below_ideal"]) < 0.003
    assert mmp(small_photodiode).figure == pytest.approx(
        mmp_ideal(small_photodiode).figure, abs=0.03)


def test_ideal_is_as_low_as_a_tenth_at_120_to_150_hz(small_photodiode):
    worst = mmp_ideal(small_photodiode)
    assert 0.05 < figure(worst) < 0.2
    assert 110 <= worst.details["worst"]["frequency_hz"] <= 150
    assert worst.details["worst"]["duty"] == 0.1


def test_a_very_short_capture_misses_pulses(very_short):
    assert figure(detection(very_short)) < 0.2
    assert mmp_below_ideal(very_short).met is False


def test_lamps_that_are_always_lit_are_steady_for_everybody(very_short):
    lit = [result for result in lamp_survey(very_short).results if result.cell.duty == 1.0]
    assert min(result.detection for result in lit) == 1.0
    assert min(result.mmp for result in lit) == 1.0


def test_the_modulation_index_is_that_of_the_ideal_integrator(small_photodiode, very_short):
    results = lamp_survey(small_photodiode).results
    dark = [result for result in results if result.cell.duty == 0.1]
    # A tenth of noise per pixel, rows averaged, widens every index a little.
    assert all(result.fmi == pytest.approx(result.fmi_ideal, abs=0.1) for result in results)
    assert max(result.fmi_ideal for result in dark) > 0.3
    missed = [result for result in lamp_survey(very_short).results if result.cell.duty == 0.1]
    assert min(result.fmi for result in missed) > 0.9


def test_every_level_is_told_by_name(small_photodiode):
    survey = lamp_survey(small_photodiode)
    assert survey.reference_name == "SPD"
    assert len(survey.level_names) == 4
    assert len(survey.judged) < len(survey.in_reach) < len(survey.results)


def test_without_a_small_photodiode_the_least_sensitive_long_capture_is_the_reference():
    config = VGA.with_(captures=VGA.captures[:2])
    assert anti_flicker_capture(config) == 1
    short = VGA.with_(captures=(CaptureConfig(name="A", coarse_integration_lines=100),
                                CaptureConfig(name="B", coarse_integration_lines=2, lag_lines=4)))
    assert anti_flicker_capture(short) == 0
