# SPDX-License-Identifier: Apache-2.0
"""A pulsed lamp is integrated exactly, whatever the window."""

import numpy as np
import pytest

from tapetum_sim.scenes import PulseTrain


def test_on_fraction_equals_brute_force(seed):
    rng = np.random.default_rng(seed)
    for _ in range(200):
        pulse = PulseTrain(frequency_hz=rng.uniform(50, 1200), duty=rng.uniform(0.02, 1),
                           phase=rng.uniform(-2, 2))
        start = rng.uniform(-0.05, 0.5)
        end = start + 10 ** rng.uniform(-6, -1.3)
        samples = 100_000
        time = start + (np.arange(samples) + 0.5) * (end - start) / samples
        on = np.mod(time * pulse.frequency_hz + pulse.phase, 1) < pulse.duty
        edges = 2 * (np.ceil((end - start) * pulse.frequency_hz) + 1)
        assert abs(pulse.on_fraction(start, end) - on.mean()) <= (edges + 1) / samples


def test_windows_that_touch_add_up():
    pulse = PulseTrain(frequency_hz=133.0, duty=0.1, phase=0.3)
    cuts = np.linspace(0.001, 0.031, 97)
    parts = pulse.on_fraction(cuts[:-1], cuts[1:]) * np.diff(cuts)
    assert parts.sum() == pytest.approx(pulse.on_fraction(cuts[0], cuts[-1]) * 0.03, rel=1e-12)


def test_whole_periods_see_the_duty():
    pulse = PulseTrain(frequency_hz=90.0, duty=0.1, phase=0.77)
    starts = np.linspace(0, 1, 50)
    np.testing.assert_allclose(pulse.on_fraction(starts, starts + 1 / 90), 0.1, rtol=1e-9)


@pytest.mark.parametrize("settings", [{"frequency_hz": 0, "duty": 0.5},
                                      {"frequency_hz": 100, "duty": 0},
                                      {"frequency_hz": 100, "duty": 1.1}])
def test_rejects_impossible_pulses(settings):
    with pytest.raises(ValueError, match=r"must"):
        PulseTrain(**settings)
