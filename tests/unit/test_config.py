# SPDX-License-Identifier: Apache-2.0
"""Configurations that cannot work are refused with the arithmetic; others derive their sizes."""

from dataclasses import replace

import pytest

from support import expect_rejected
from tapetum.config import (
    AdcConfig,
    CaptureConfig,
    ConfigError,
    ConversionGain,
    Csi2Config,
    DieConfig,
    HdrConfig,
    Photodiode,
    PixelArrayConfig,
    TimingConfig,
)
from tapetum.presets import PRESETS, preset

TINY = PRESETS["tiny"]


def with_capture(position: int, **changes) -> DieConfig:
    captures = list(TINY.captures)
    captures[position] = replace(captures[position], **changes)
    return TINY.with_(captures=tuple(captures))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_fits_its_line_its_frame_and_its_link(name):
    config = preset(name)
    assert config.row_timing.line_cycles <= config.timing.line_length_cycles
    assert config.array.total_rows < config.timing.frame_length_lines
    assert config.array.columns * 3 + 6 <= config.link_bytes_per_line


@pytest.mark.parametrize("name", PRESETS)
def test_the_small_photodiode_of_every_preset_outlasts_a_period_of_90_hz(name):
    config = preset(name)
    small = next(c for c in config.captures if c.photodiode is Photodiode.SMALL)
    assert config.exposure_cycles(small) / config.sync_clock_hz >= 1 / 90


@pytest.mark.parametrize("name", PRESETS)
def test_the_linear_scale_of_every_preset_spans_140_db_above_one_electron_and_a_half(name):
    config = preset(name)
    very_short = config.captures[-1]
    brightest = (config.adc.full_well_codes * config.electrons_per_code(very_short)
                 * config.exposure_ratio(very_short))
    assert brightest / config.lsb_electrons <= (1 << 24) - 1
    assert brightest >= 1.66 * 10 ** (140 / 20), "1.66 electrons: SNR 1 with 1 e- of read noise"


@pytest.mark.parametrize("name", PRESETS)
def test_normalisation_brings_every_capture_onto_the_same_scale_within_its_mantissa(name):
    config = preset(name)
    for capture in config.captures:
        mantissa, shift = config.normalisation(capture)
        assert 1 << 15 <= mantissa < 1 << 16
        gain = mantissa / (1 << shift) * (1 << config.hdr.fraction_bits)
        electrons = gain * config.lsb_electrons / config.exposure_ratio(capture)
        assert electrons == pytest.approx(config.electrons_per_code(capture), rel=2 ** -16)


def test_an_unknown_preset_is_answered_with_the_list():
    with expect_rejected("'vgaa'", "vga", "tiny", exception=ConfigError):
        preset("vgaa")


def test_an_exposure_longer_than_the_frame_allows_is_refused_with_the_arithmetic():
    with expect_rejected("HCG", "63.00 lines", "64 lines", "59", exception=ConfigError):
        with_capture(0, coarse_integration_lines=63)


def test_a_lag_beyond_the_line_buffer_is_refused():
    with expect_rejected("VS", "lags 5", "holds 4", exception=ConfigError):
        with_capture(3, lag_lines=5)


def test_a_very_short_exposure_must_begin_after_the_long_one_was_read():
    with expect_rejected("VS", "HCG", exception=ConfigError):
        with_capture(3, coarse_integration_lines=4)


def test_a_line_too_short_for_its_conversions_is_refused_with_the_arithmetic():
    with expect_rejected("4216 cycles", "signal ramps", "4000", exception=ConfigError):
        TINY.with_(timing=TimingConfig(frame_length_lines=64, line_length_cycles=4000))


def test_a_counter_clock_too_slow_for_the_frame_rate_is_refused_with_the_arithmetic():
    with expect_rejected("adc_clock_hz", exception=ConfigError):
        PRESETS["vga"].with_(adc_clock_hz=400e6)


def test_a_frame_without_blanking_is_refused():
    with expect_rejected("54 rows", exception=ConfigError):
        timing = replace(TINY.timing, frame_length_lines=54)
        TINY.with_(timing=timing, captures=(CaptureConfig(name="A", coarse_integration_lines=9),))


def test_a_link_too_slow_for_a_row_is_refused_with_the_arithmetic():
    with expect_rejected("2012 bytes", "byte_clock_hz", exception=ConfigError):
        PRESETS["vga"].with_(csi2=Csi2Config(byte_lanes=1, byte_clock_hz=50e6))


@pytest.mark.parametrize("changes, culprit", [
    ({"columns": 66}, "columns"), ({"columns": 8}, "columns"), ({"rows": 3}, "rows"),
    ({"optical_black_columns": 12}, "optical_black_columns"), ({"test_rows": 3}, "test_rows"),
    ({"optical_black_columns": 2}, "optical_black_columns"), ({"rows": 4002}, "rows"),
])
def test_an_impossible_array_is_refused(changes, culprit):
    with expect_rejected(culprit, exception=ConfigError):
        PixelArrayConfig(**({"columns": 64, "rows": 48} | changes))


@pytest.mark.parametrize("make, culprit", [
    (lambda: AdcConfig(bits=15), "bits"),
    (lambda: AdcConfig(reset_counts=100), "reset_counts"),
    (lambda: AdcConfig(bond_group_columns=5), "bond_group_columns"),
    (lambda: HdrConfig(linear_bits=20), "linear_bits"),
    (lambda: Csi2Config(byte_lanes=3), "byte_lanes"),
    (lambda: CaptureConfig(name="A", coarse_integration_lines=0), "A"),
    (lambda: TINY.with_(lanes=3), "lanes"),
    (lambda: TINY.with_(sync_clock_hz=0), "sync_clock_hz"),
    (lambda: TINY.with_(adc_clock_hz=20e6), "adc_clock_hz"),
    (lambda: Csi2Config(byte_clock_hz=0), "byte_clock_hz"),
    (lambda: replace(TINY.timing, gain_settle_ns=-1), "gain_settle_ns"),
    (lambda: TINY.with_(captures=()), "captures"),
    (lambda: TINY.with_(captures=(TINY.captures[0],) * 2), "names"),
    (lambda: TINY.with_(captures=TINY.captures[::-1]), "lag_lines"),
])
def test_an_impossible_choice_is_refused(make, culprit):
    with expect_rejected(culprit, exception=ConfigError):
        make()


def test_captures_of_high_gain_alone_fill_the_linear_scale():
    high = TINY.captures[0]
    die = TINY.with_(captures=(high, replace(high, name="short", lag_lines=2,
                                             coarse_integration_lines=1)))
    top = (1 << die.hdr.linear_bits) - 1 - die.hdr.pedestal_lsb
    mantissa, shift = die.normalisation(die.captures[1])
    full_well = die.adc.full_well_codes << die.hdr.fraction_bits
    assert (full_well * mantissa) >> shift == pytest.approx(top, rel=1e-4)


def test_two_gains_of_one_exposure_share_a_transfer():
    groups = TINY.exposure_groups
    assert [group.captures for group in groups] == [(0, 1), (2,), (3,)]
    assert [group.is_large for group in groups] == [True, False, True]


def test_a_capture_of_high_gain_covers_its_share_of_the_full_well():
    high, low = TINY.captures[:2]
    assert high.conversion_gain is ConversionGain.HIGH
    ratio = TINY.electrons_per_code(low) / TINY.electrons_per_code(high)
    assert ratio == pytest.approx(TINY.pixel.conversion_gain_ratio)
