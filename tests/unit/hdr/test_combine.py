# SPDX-License-Identifier: Apache-2.0
"""What combination promises whatever its settings; the RTL equals this model in `test_hdr`."""

import numpy as np
import pytest

from support.hdr import random_settings, small_config
from tapetum.control.frame_settings import FrameSettings
from tapetum.pixel import corrected_bits
from tapetum.presets import preset
from tapetum_sim.models.hdr import combine, normalise, sensitivity_order


def codes_of(config, electrons):
    """Noiseless corrected codes of light that frees `electrons` in the first capture."""
    scale = 1 << config.hdr.fraction_bits
    codes = []
    for capture in config.captures:
        own = np.minimum(electrons / config.exposure_ratio(capture),
                         config.pixel.full_well_electrons(capture.photodiode))
        code = own / config.electrons_per_code(capture) + config.adc.pedestal_codes
        full = code >= config.adc.maximum_code
        codes.append(np.where(full, (config.adc.maximum_code + 1) * scale - 1,
                              np.round(code * scale)))
    return np.array(codes, dtype=np.int64)


@pytest.mark.parametrize("name", ["tiny", "vga"])
def test_the_whole_range_of_light_becomes_linear_values(name):
    config = preset(name)
    electrons = np.geomspace(50, 0.95 * config.lsb_electrons * (1 << 24), 20_000)
    values, clipped = combine(codes_of(config, electrons), config)
    truth = electrons / config.lsb_electrons + config.hdr.pedestal_lsb
    assert not clipped.any()
    error = np.abs(values - truth) / truth
    # At a hand-over the next capture's step is what rounding to a fraction of a code leaves.
    assert error.max() < 0.02
    assert np.sqrt(np.mean(error ** 2)) < 0.005


def test_light_beyond_the_full_well_is_reported_as_clipped():
    config = preset("vga")
    values, clipped = combine(codes_of(config, np.array([1e3, 1e9])), config)
    assert clipped.tolist() == [False, True]
    assert values[1] >= 0.98 * (1 << 24)


def test_values_lie_between_those_of_the_captures(seed):
    generator = np.random.default_rng(seed)
    config = small_config()
    for _ in range(50):
        settings = random_settings(config, generator, mask=int(generator.integers(1, 16)))
        codes = generator.integers(0, 1 << corrected_bits(config), (4, 2000))
        values, _ = combine(codes, config, settings)
        single = np.array([normalise(codes[index], settings["captures"][index], config)
                           for index in range(4) if settings["capture_mask"] >> index & 1])
        single = np.clip(single + settings["pedestal_lsb"], 0, (1 << 24) - 1)
        assert (values >= single.min(axis=0)).all()
        assert (values <= single.max(axis=0)).all()


def test_order_follows_the_exposures_set_at_run_time():
    config = preset("vga")
    settings = FrameSettings.defaults(config)
    assert sensitivity_order(settings) == [3, 2, 1, 0]
    settings["captures"][3]["normalisation_shift"] = 12  # very short becomes merely short
    assert sensitivity_order(settings) == [2, 3, 1, 0]
