# SPDX-License-Identifier: Apache-2.0
"""Range and noise figures find what a camera was given, and the optimum is one."""

import numpy as np
import pytest

from support.cameras import Camera, truth_of
from tapetum.config import CaptureConfig, ConversionGain, Photodiode, PixelArrayConfig
from tapetum.presets import preset
from tapetum_sim.characterise.noise_figures import dynamic_range, snr_below_optimum, snr_minimum
from tapetum_sim.characterise.optimum import CUT_OFF, optimum_noise, optimum_snr_db
from tapetum_sim.characterise.plan import temporal_noise
from tapetum_sim.pixel_die import PixelDieParameters, expect_capture

VGA = preset("vga")
WIDE = VGA.with_(array=PixelArrayConfig(columns=640, rows=128))


def noisy(noise_db: float = 0.0, floor_electrons: float = 0.0):
    """A camera with the optimum's noise, worse by some decibels, and more noise at its floor."""
    def see(config, plan, windows):
        truth = truth_of(config, plan, windows)
        noise = optimum_noise(config, plan.parameters, truth) * 10 ** (noise_db / 20)
        noise = np.hypot(np.where(np.isfinite(noise), noise, 0), floor_electrons)
        return truth + noise * np.random.default_rng(5).standard_normal(truth.shape)
    return see


@pytest.mark.parametrize("capture", range(4))
def test_the_optimum_of_one_capture_is_the_noise_of_that_capture(capture):
    alone = VGA.captures[capture]
    config = VGA.with_(captures=(CaptureConfig(
        name="ALONE", photodiode=alone.photodiode, conversion_gain=alone.conversion_gain,
        coarse_integration_lines=alone.coarse_integration_lines,
        fine_integration_cycles=alone.fine_integration_cycles),))
    parameters, sensitivity = PixelDieParameters(), config.pixel.sensitivity(alone.photodiode)
    for electrons in (1.0, 30.0, 1000.0):
        expected = expect_capture(config, parameters, 0, electrons / sensitivity
                                  / (config.exposure_cycles(config.captures[0])
                                     / config.sync_clock_hz))
        assert optimum_snr_db(config, parameters, electrons) == pytest.approx(expected.snr_db)


def test_two_conversions_of_one_transfer_share_their_photon_noise():
    captures = tuple(CaptureConfig(name=gain.value, conversion_gain=gain,
                                   coarse_integration_lines=400) for gain in ConversionGain)
    both, parameters = VGA.with_(captures=captures), PixelDieParameters()
    assert optimum_noise(both, parameters, 2000.0) > np.sqrt(2000.0)
    one = VGA.with_(captures=captures[:1])
    assert optimum_noise(both, parameters, 2.0) < optimum_noise(one, parameters, 2.0)


def test_independent_captures_add_their_precision():
    pair = VGA.with_(captures=tuple(
        CaptureConfig(name=diode.value, photodiode=diode, coarse_integration_lines=400)
        for diode in Photodiode))
    parameters = PixelDieParameters()
    alone = [optimum_noise(pair.with_(captures=(capture,)), parameters,
                           1000.0 * pair.pixel.sensitivity(capture.photodiode))
             / pair.pixel.sensitivity(capture.photodiode) for capture in pair.captures]
    together = 1 / np.sqrt(sum(1 / noise ** 2 for noise in alone))
    assert optimum_noise(pair, parameters, 1000.0) == pytest.approx(together)


def test_vga_allows_25_db_everywhere_from_50_db_above_the_floor():
    electrons = 1.8 * 10 ** (np.arange(50, 137.5, 0.1) / 20)
    lowest = optimum_snr_db(VGA, PixelDieParameters(), electrons).min()
    # Where the small photodiode takes over from a full well at low gain: its own electrons,
    # photon noise, read noise and the rounding of two samples.
    low_gain, small = VGA.captures[1:3]
    own = (CUT_OFF * VGA.pixel.large_full_well_electrons * VGA.exposure_ratio(low_gain)
           / VGA.exposure_ratio(small))
    variance = own + 5 ** 2 + VGA.electrons_per_code(small) ** 2 / 6
    assert lowest == pytest.approx(20 * np.log10(own / np.sqrt(variance)), abs=0.15)
    assert 25 < lowest < 26


def test_beyond_every_capture_there_is_no_optimum():
    assert optimum_snr_db(VGA, PixelDieParameters(), 1e9) == -np.inf


def test_a_camera_with_the_best_noise_lies_on_the_optimum():
    figure = snr_below_optimum(Camera.of(WIDE, noisy())).figure
    assert figure == pytest.approx(0, abs=1.0), "512 samples x 3 columns a point: 0.16 dB"


def test_a_camera_that_is_noisier_lies_below_it():
    measured = snr_below_optimum(Camera.of(WIDE, noisy(noise_db=3)))
    assert measured.details["mean_below_optimum_db"] == pytest.approx(3, abs=0.1)
    assert measured.met is False


def test_the_lowest_ratio_is_found_where_it_is():
    measured = snr_minimum(Camera.of(WIDE, noisy()))
    assert measured.figure == pytest.approx(measured.details["optimum_minimum_db"], abs=1)


def test_dynamic_range_is_largest_over_floor():
    config, floor = WIDE, 10.0
    measured = dynamic_range(Camera.of(config, noisy(floor_electrons=floor)))
    largest = ((1 << 24) - 1 - config.hdr.pedestal_lsb) * config.lsb_electrons
    variance = optimum_noise(config, temporal_noise(config), 1e-6) ** 2 + floor ** 2
    light = (1 + np.sqrt(1 + 4 * variance)) / 2
    # A staircase finds the largest level to within its own step.
    assert measured.figure == pytest.approx(20 * np.log10(largest / light), abs=0.4)


def test_a_range_that_never_ends_is_not_invented():
    def see(config, plan, windows):
        return np.full((plan.frames, config.array.rows, config.array.columns), 100.0)

    measured = dynamic_range(Camera.of(WIDE, see))
    assert measured.figure is None
    assert measured.met is None
