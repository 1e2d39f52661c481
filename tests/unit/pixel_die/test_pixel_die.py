# SPDX-License-Identifier: Apache-2.0
"""The simulated pixel die against closed forms.

Bounds are five standard errors or more of each statistic: a correct die fails once in a million.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tapetum.config import PixelArrayConfig
from tapetum.presets import preset
from tapetum_sim.pixel_die import (
    DefectKind,
    PixelDie,
    PixelDieParameters,
    expect_capture,
    exposure_window,
    programmed_codes,
)
from tapetum_sim.pixel_die.noise import poisson
from tapetum_sim.scenes import Chart, LayeredScene

CONFIG = preset("vga").with_(array=PixelArrayConfig(columns=640, rows=64))
HCG, LCG, SPD, VS = range(4)
ACTIVE = slice(CONFIG.array.optical_black_columns, None)
EXPOSURE_S = 0.01
FIRST_ACTIVE = CONFIG.array.dark_rows


def _die(electrons_per_second=0.0, *, seed=1, config=CONFIG,
         temperature: float | Callable[[int], float] = 25.0, **changes):
    background = np.ones((config.array.rows, config.array.columns, 3))
    if not electrons_per_second:
        background, electrons_per_second = background * 0, 1.0
    scene = LayeredScene(config, "flat", background, electrons_per_second=electrons_per_second)
    return PixelDie(config, scene, PixelDieParameters.ideal(**changes), seed=seed,
                    temperature_celsius=temperature)


def _codes(die, frame, row, capture, exposure_s=EXPOSURE_S):
    return (die.signal_trip_codes(frame, row, capture, 1.0, 1.0 + exposure_s)
            - die.reset_trip_codes(frame, row, capture))


def _stack(die, capture, frames, rows=range(FIRST_ACTIVE, FIRST_ACTIVE + 32), **kwargs):
    """Correlated double samples, shape (frames, rows, active columns)."""
    return np.array([[_codes(die, frame, row, capture, **kwargs)[ACTIVE] for row in rows]
                     for frame in range(frames)])


@pytest.mark.parametrize("capture, rate", [(HCG, 500), (HCG, 3e3), (HCG, 1e5), (LCG, 1.5e6),
                                           (SPD, 3.2e7), (VS, 5e5)])
def test_mean_and_variance_follow_the_closed_form(capture, rate):
    parameters = {"shot_noise": True, "read_noise_high_gain_electrons": 1.0,
                  "read_noise_low_gain_electrons": 5.0, "read_noise_small_electrons": 5.0,
                  "dark_electrons_per_second": 40.0, "small_dark_electrons_per_second": 40.0}
    die = _die(rate, **parameters)
    codes = _stack(die, capture, 2)
    expected = expect_capture(CONFIG, die.parameters, capture, rate, exposure_s=EXPOSURE_S)
    standard_error = expected.noise_codes / np.sqrt(codes.size)
    assert abs(codes.mean() - expected.mean_codes) < 5 * standard_error
    # Roundings are independent of the noise only where noise is wide against a code: 3 % more.
    bound = 5 * np.sqrt(2 / codes.size) + 0.03
    assert codes.var() == pytest.approx(expected.noise_codes ** 2, rel=bound)
    assert not expected.saturated


def test_photon_transfer_slope_is_the_conversion_gain():
    means, variances = [], []
    for rate in np.linspace(1e4, 2e5, 8):
        die = _die(rate, shot_noise=True, read_noise_high_gain_electrons=1.0)
        codes = _stack(die, HCG, 2, rows=range(FIRST_ACTIVE, FIRST_ACTIVE + 16))
        means.append(codes.mean())
        variances.append(codes.var())
    slope, offset = np.polyfit(means, variances, 1)
    per_code = CONFIG.electrons_per_code(CONFIG.captures[HCG])
    assert 1 / slope == pytest.approx(per_code, rel=0.04)
    assert abs(offset) < 60


def test_poisson_numbers_have_the_right_first_three_moments(seed):
    generator = np.random.default_rng(seed)
    size = 200_000
    for mean in (0.3, 5.0, 49.9, 50.1, 400.0, 2e4):
        numbers = poisson(generator, np.full(size, mean))
        assert abs(numbers.mean() - mean) < 5 * np.sqrt(mean / size)
        assert numbers.var() == pytest.approx(mean, rel=5 * np.sqrt((2 + 1 / mean) / size))
        third = ((numbers - mean) ** 3).mean()
        error = np.sqrt((15 * mean ** 3 + 25 * mean ** 2 + mean) / size)
        assert abs(third - mean) < 6 * error


def test_dark_current_doubles_every_8_kelvin():
    def dark(temperature):
        die = _die(temperature=temperature, shot_noise=True, dark_electrons_per_second=2000.0)
        return _stack(die, HCG, 1).mean()

    cold, warm, hot = dark(25.0), dark(33.0), dark(49.0)
    assert warm / cold == pytest.approx(2, rel=0.03)
    assert hot / cold == pytest.approx(8, rel=0.03)


def test_temperature_may_follow_a_schedule():
    die = _die(temperature=lambda frame: 25.0 + 8.0 * frame, dark_electrons_per_second=10_000.0)
    dark = [die.expected_electrons(frame, 40, HCG, 0.0, 0.01).mean() for frame in range(3)]
    assert dark == pytest.approx([100, 200, 400])


def test_dark_current_spread_is_fixed_and_keeps_its_mean():
    die = _die(dark_electrons_per_second=1e4, dark_spread=0.2)
    maps = np.array([die.expected_electrons(0, row, HCG, 0, 0.01) for row in range(74)])
    assert maps.mean() == pytest.approx(100, rel=0.01)
    assert maps.std() / maps.mean() == pytest.approx(0.2, rel=0.05)
    np.testing.assert_array_equal(maps[40], die.expected_electrons(3, 40, HCG, 0, 0.01))


@pytest.mark.parametrize("capture, sensitivity, full_well", [(LCG, 1.0, 20_000),
                                                             (SPD, 1 / 32, 60_000)])
def test_full_well_clips(capture, sensitivity, full_well):
    for factor in (0.9, 1.5, 1e6):
        die = _die(factor * full_well / sensitivity / EXPOSURE_S, shot_noise=True)
        electrons = die.electrons(0, 40, capture, 1.0, 1.0 + EXPOSURE_S)[ACTIVE]
        assert electrons.max() <= full_well
        assert electrons.mean() == pytest.approx(min(factor, 1) * full_well, rel=0.01)
    assert (_codes(die, 0, 40, capture)[ACTIVE] == CONFIG.adc.full_well_codes).all()


def test_signal_beyond_the_ramp_never_trips():
    die = _die(1e9, shot_noise=True)
    assert (die.signal_trip_codes(0, 40, HCG, 1.0, 1.01)[ACTIVE] == 4096).all()


def test_gain_pair_shares_its_charge_and_others_do_not():
    die = _die(2e5, shot_noise=True)
    high, low, short = (_stack(die, capture, 2).ravel() for capture in (HCG, LCG, VS))
    ratio = CONFIG.pixel.conversion_gain_ratio
    # Without read noise only rounding tells the two conversions of one charge apart.
    assert np.abs(high - low * ratio).max() <= 0.5 * ratio + 1.5
    assert abs(np.corrcoef(low, short)[0, 1]) < 5 / np.sqrt(low.size)


def test_rows_do_not_depend_on_the_order_of_calls():
    def every(order, seed=5):
        die = PixelDie(tiny, Chart(tiny), seed=seed)
        result = {}
        for frame, row, capture in order:
            window = exposure_window(tiny, frame, row, capture)
            result[frame, row, capture] = np.concatenate(
                [die.signal_trip_codes(frame, row, capture, *window),
                 die.reset_trip_codes(frame, row, capture)])
        return result

    tiny = preset("tiny")
    calls = [(frame, row, capture) for frame in range(2) for row in range(0, 54, 3)
             for capture in range(4)]
    forward, backward = every(calls), every(calls[::-1])
    for call in calls:
        np.testing.assert_array_equal(forward[call], backward[call])
    assert any((forward[call] != every([call], seed=6)[call]).any() for call in calls[40:44])
    assert (forward[0, 30, 0] != forward[1, 30, 0]).any()
    assert (forward[0, 30, 0][::-1] != forward[0, 33, 0][::-1]).any()


def test_double_sampling_cancels_reset_noise_and_column_reset_level():
    die = _die(reset_noise_lsb12=6.0, column_reset_spread_lsb12=20.0)
    reset = np.array([die.reset_trip_codes(frame, 40, HCG) for frame in range(40)])
    assert reset.mean() == pytest.approx(CONFIG.adc.nominal_reset_trip_counts, abs=4)
    assert reset.mean(axis=0).std() == pytest.approx(20, rel=0.12)
    assert reset.std(axis=0).mean() == pytest.approx(6, rel=0.1)
    assert np.abs(_stack(die, HCG, 2)).max() == 0


def test_resolution_scales_offsets_and_levels():
    config = CONFIG.with_(adc=replace(CONFIG.adc, bits=10))
    die = _die(config=config, column_reset_spread_lsb12=20.0)
    reset = die.reset_trip_codes(0, 40, HCG)
    assert reset.std() == pytest.approx(5, rel=0.12)
    assert reset.mean() == pytest.approx(32, abs=1)


def test_column_errors_remain_after_double_sampling():
    die = _die(1e5, column_offset_spread_lsb12=2.0, column_gain_spread=0.01)
    bright = _stack(die, HCG, 1).mean(axis=(0, 1))
    dark = np.array(_codes(_die(0, column_offset_spread_lsb12=2.0, column_gain_spread=0.01),
                           0, 40, HCG)[ACTIVE])
    fixed = die.fixed_pattern
    assert dark.std() == pytest.approx(2.0, rel=0.15)
    assert (bright - dark).std() / (bright - dark).mean() == pytest.approx(0.01, rel=0.15)
    np.testing.assert_allclose(dark, fixed.column_offset[HCG, ACTIVE], atol=1.01)


def test_row_noise_is_common_to_light_and_black_columns():
    die = _die(row_noise_lsb12=4.0)
    rows = np.array([_codes(die, frame, row, LCG) for frame in range(16) for row in range(10, 74)])
    assert np.ptp(rows, axis=1).max() <= 1
    assert rows[:, 0].std() == pytest.approx(4.0, rel=5 / np.sqrt(2 * len(rows)))
    again = np.array([_codes(die, 0, row, HCG)[0] for row in range(10, 74)])
    assert (again != rows[:64, 0]).any()


def test_photo_response_spread():
    die = _die(1e5, photo_response_spread=0.01)
    codes = _stack(die, HCG, 1)
    assert codes.std() / codes.mean() == pytest.approx(0.01, rel=0.05)


def test_black_pixels_see_dark_current_but_no_light():
    die = _die(1e5, dark_electrons_per_second=20_000.0)
    array = CONFIG.array
    dark = 200 / CONFIG.electrons_per_code(CONFIG.captures[HCG])
    for row in range(array.test_rows, array.dark_rows):
        assert _codes(die, 0, row, HCG) == pytest.approx(dark, abs=1)
    active = _codes(die, 0, array.dark_rows, HCG)
    assert active[:array.optical_black_columns] == pytest.approx(dark, abs=1)
    assert (active[array.optical_black_columns:] > 5 * dark).all()


def test_test_rows_carry_their_programmed_levels():
    die = _die(1e5)
    for capture in range(4):
        assert [set(_codes(die, 0, row, capture).tolist()) for row in (0, 1)] == [{960}, {2880}]
    assert [programmed_codes(CONFIG, row) for row in (0, 1, 2)] == [960, 2880, 960]


def test_defects_behave_as_listed():
    config = preset("vga")
    scene = Chart(config)
    die = PixelDie(config, scene, PixelDieParameters.ideal(
        hot_per_million=100, dead_per_million=100, stuck_per_million=100,
        couplets_per_million=50, hot_electrons_per_second=20_000), seed=3)
    spots = {(defect.row, defect.column) for defect in die.defects}
    couplets = [defect for defect in die.defects if defect.couplet]
    assert len(spots) == len(die.defects) == 3 * 31 + 2 * 15
    for first, second in zip(couplets[::2], couplets[1::2], strict=True):
        assert max(abs(first.row - second.row), abs(first.column - second.column)) == 1
    for kind in DefectKind:
        assert sum(defect.kind is kind for defect in die.defects) >= 31
    healthy = PixelDie(config, scene, PixelDieParameters.ideal())
    for defect in die.defects:
        row, column = defect.row + config.array.dark_rows, defect.column + 16
        window = (0.0, 0.01)
        bad, good = (d.signal_trip_codes(0, row, LCG, *window)
                     - d.reset_trip_codes(0, row, LCG) for d in (die, healthy))
        others = np.ones(bad.size, bool)
        others[[c + 16 for r, c in spots if r == defect.row]] = False
        np.testing.assert_array_equal(bad[others], good[others])
        if defect.kind is DefectKind.STUCK:
            assert bad[column] == pytest.approx(defect.value * 3840, abs=1)
        elif defect.kind is DefectKind.HOT:
            expected = good[column] + defect.value * 0.01 / (20_000 / 3840)
            assert bad[column] == pytest.approx(min(expected, 3840), abs=1.5)
        else:
            electrons = die.expected_electrons(0, row, LCG, *window)[column]
            light = healthy.expected_electrons(0, row, LCG, *window)[column]
            assert electrons == pytest.approx(0.03 * light, rel=1e-6)


def test_dead_lines_and_stuck_comparators():
    die = _die(1e5, dead_columns=(20,), dead_rows=(40,), stuck_comparators=(30,))
    assert _codes(die, 0, 41, HCG)[20] == 0
    others = np.delete(np.arange(CONFIG.array.total_columns), 30)
    assert (_codes(die, 0, 40, HCG)[others] == 0).all()
    assert die.reset_trip_codes(0, 41, HCG)[30] == CONFIG.adc.reset_counts
    assert die.signal_trip_codes(0, 41, HCG, 0, 0.01)[30] == CONFIG.adc.signal_counts


def test_default_die_stays_on_its_ramps():
    die = PixelDie(CONFIG, Chart(CONFIG), seed=9)
    reset = np.array([die.reset_trip_codes(0, row, capture) for row in range(74)
                      for capture in range(4)])
    assert reset.min() > 0
    assert reset.max() < CONFIG.adc.reset_counts
    signal = die.signal_trip_codes(0, 2, HCG, 0.0, 0.016)
    assert signal.min() > 0
    assert signal.dtype == reset.dtype == np.int64


def test_windows_follow_the_rolling_shutter():
    line = CONFIG.line_time_s
    for capture, settings in enumerate(CONFIG.captures):
        start, end = exposure_window(CONFIG, 1, 10, capture)
        assert end - start == pytest.approx(
            CONFIG.exposure_cycles(settings) / CONFIG.sync_clock_hz)
        nominal = (CONFIG.timing.frame_length_lines + 10 + settings.lag_lines) * line
        assert nominal < end < nominal + line
        next_start, _ = exposure_window(CONFIG, 1, 11, capture)
        assert next_start - start == pytest.approx(line)
    assert exposure_window(CONFIG, 0, 3, HCG) == exposure_window(CONFIG, 0, 3, LCG)


def test_expected_snr_is_shot_noise_limited_and_falls_off_when_saturated():
    parameters = PixelDieParameters()
    bright = expect_capture(CONFIG, parameters, LCG, 1e6, exposure_s=0.01)
    assert bright.snr_db == pytest.approx(40, abs=0.05)
    assert expect_capture(CONFIG, parameters, LCG, 3e6, exposure_s=0.01).saturated
    assert expect_capture(CONFIG, parameters, LCG, 3e6, exposure_s=0.01).snr_db == -float("inf")
    dim = expect_capture(CONFIG, parameters, HCG, 100.0, exposure_s=0.01)
    assert dim.noise_electrons == pytest.approx(np.sqrt(1 + 0.05 + 1 + 0.711 ** 2 / 6), rel=1e-3)


def test_rejects_a_scene_of_another_size():
    with pytest.raises(ValueError, match="the scene has 64x48 pixels, but the array 640x64"):
        PixelDie(CONFIG, Chart(preset("tiny")))


@pytest.mark.parametrize("changes", [{"dead_columns": (5000,)}, {"dead_rows": (-1,)},
                                     {"stuck_comparators": (1040,)}])
def test_rejects_positions_outside_the_array(changes):
    with pytest.raises(ValueError, match="but the array has"):
        _die(**changes)


@pytest.mark.parametrize("changes", [{"dark_spread": -1.0}, {"row_noise_lsb12": float("nan")},
                                     {"dark_doubling_kelvin": 0.0}])
def test_rejects_impossible_parameters(changes):
    with pytest.raises(ValueError, match="must be"):
        PixelDieParameters(**changes)
