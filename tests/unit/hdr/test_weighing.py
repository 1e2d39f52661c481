# SPDX-License-Identifier: Apache-2.0
"""What combination promises of noise, flicker, motion and range; its RTL equals this model."""

import numpy as np
import pytest

from support.hdr import exposure_die, random_codes, random_settings, small_config
from tapetum.control.frame_settings import FrameSettings
from tapetum.presets import preset
from tapetum_sim.models.hdr import combine, combine_marked, normalise, sensitivity_order
from tapetum_sim.models.hdr_optimum import (
    draw_codes,
    lamp_fractions,
    optimal_electrons,
    within_share,
)

GAIN_RATIOS = (3, 7.32, 14.8)
EXPOSURE_RATIOS = (4, 8, 16, 40, 873)
LARGE_CODES_PER_ELECTRON = {"large_full_well_electrons": 2000,
                            "low_gain_read_noise_electrons": 0.5}
DIES = {
    "vga": preset("vga"),
    **{f"H L, gain {gain}": exposure_die(("H", 1), ("L", 1), conversion_gain_ratio=gain)
       for gain in GAIN_RATIOS},
    **{f"H L L/{ratio}, gain {gain}": exposure_die(("H", 1), ("L", 1), ("L", ratio),
                                                    conversion_gain_ratio=gain)
       for gain in GAIN_RATIOS for ratio in EXPOSURE_RATIOS},
    **{f"L L/{ratio}": exposure_die(("L", 1), ("L", ratio)) for ratio in EXPOSURE_RATIOS},
    "L L/4 L/16": exposure_die(("L", 1), ("L", 4), ("L", 16)),
    "H L L/4 L/16": exposure_die(("H", 1), ("L", 1), ("L", 4), ("L", 16)),
    "H L L/16 L/256": exposure_die(("H", 1), ("L", 1), ("L", 16), ("L", 256)),
    "L L/3 L/9 L/27": exposure_die(("L", 1), ("L", 3), ("L", 9), ("L", 27)),
    "S L/873": exposure_die(("S", 1), ("L", 873)),
    "H S L/873": exposure_die(("H", 1), ("S", 1), ("L", 873)),
    "L L/8, quiet": exposure_die(("L", 1), ("L", 8), **LARGE_CODES_PER_ELECTRON),
}
FAST_DIES = ("vga", "H L L/4 L/16", "L L/8, quiet")


def electrons_of(values, config):
    return (values.astype(float) - config.hdr.pedestal_lsb) * config.lsb_electrons


def noiseless_codes(config, electrons):
    """Corrected codes (captures, ...) of light in electrons of the first capture."""
    scale = 1 << config.hdr.fraction_bits
    codes = []
    for capture, light in zip(config.captures, np.broadcast_to(
            electrons, (len(config.captures), *np.shape(electrons)[-1:])), strict=True):
        own = np.minimum(light / config.exposure_ratio(capture),
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
    combined = combine_marked(noiseless_codes(config, electrons), config)
    truth = electrons / config.lsb_electrons + config.hdr.pedestal_lsb
    assert not combined.clipped.any()
    assert not combined.flicker.any()
    error = np.abs(combined.values - truth) / truth
    # At a hand-over the next capture's step is what rounding to a fraction of a code leaves.
    assert error.max() < 0.02
    assert np.sqrt(np.mean(error ** 2)) < 0.005


def test_light_beyond_the_full_well_is_reported_as_clipped():
    config = preset("vga")
    values, clipped = combine(noiseless_codes(config, np.array([1e3, 1e9])), config)
    assert clipped.tolist() == [False, True]
    assert values[1] >= 0.98 * (1 << 24)


def test_values_lie_between_those_of_the_captures(seed):
    generator = np.random.default_rng(seed)
    config = small_config()
    for _ in range(50):
        settings = random_settings(config, generator, mask=int(generator.integers(1, 16)))
        codes = random_codes(config, settings, generator, (2000,))
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


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in FAST_DIES
                                               else pytest.mark.slow) for name in DIES])
def test_static_light_is_nearly_as_clean_as_can_be_unbiased_and_unmarked(name, seed):
    """Within 1 dB of inverse variance at every level, whose cut-off is the hand-over's start."""
    config, pixels = DIES[name], 3000
    generator = np.random.default_rng(seed)
    cut_off = FrameSettings.defaults(config)["captures"][0]["hand_over_start"]
    biases = []
    for light in np.geomspace(1, 0.93 * config.lsb_electrons * (1 << 24), 100):
        codes = draw_codes(config, np.full((len(config.captures), pixels), light), generator)
        combined = combine_marked(codes, config)
        estimate = electrons_of(combined.values, config)
        optimum = optimal_electrons(config, codes, light, cut_off)
        loss_db = 10 * np.log10(np.mean((estimate - light) ** 2)
                                / np.mean((optimum - light) ** 2))
        assert loss_db <= 1, f"{light:.4g} electrons"
        assert combined.flicker.mean() < 1e-3, f"{light:.4g} electrons"
        if light > 50:
            biases.append((estimate.mean() - optimum.mean()) / light)
    assert np.sqrt(np.mean(np.square(biases))) < 0.001
    assert np.abs(biases).max() < 0.006


def test_pixels_whose_gains_differ_by_a_percent_are_not_marked(seed):
    config, generator = preset("vga"), np.random.default_rng(seed)
    response = 1 + 0.01 * generator.standard_normal((4, 3000))
    for light in np.geomspace(1, 0.93 * config.lsb_electrons * (1 << 24), 60):
        marked = combine_marked(draw_codes(config, light * response, generator), config).flicker
        assert marked.mean() < 1e-3, f"{light:.4g} electrons"


@pytest.mark.parametrize("ratio", EXPOSURE_RATIOS)
def test_an_exposure_changed_at_run_time_is_weighed_by_its_new_ratio(ratio, seed):
    """Settings of a die that was configured for another ratio, with the new gain alone."""
    config = exposure_die(("L", 1), ("L", ratio))
    settings = FrameSettings.defaults(exposure_die(("L", 1), ("L", 100)))
    for capture, new in zip(settings["captures"], FrameSettings.defaults(config)["captures"],
                            strict=True):
        capture |= {name: new[name] for name in ("normalisation_mantissa",
                                                 "normalisation_shift")}
    codes = draw_codes(config, np.full((2, 20_000), 9000.0), np.random.default_rng(seed))
    combined = combine_marked(codes, config, settings)
    optimum = optimal_electrons(config, codes, 9000.0, 3592)
    assert np.std(electrons_of(combined.values, config)) < 1.06 * np.std(optimum)
    assert combined.flicker.mean() < 1e-3


def test_a_saturated_code_never_enters_with_weight(seed):
    config, generator = preset("vga"), np.random.default_rng(seed)
    codes = random_codes(config, FrameSettings.defaults(config), generator, (5000,))
    full_well = (config.adc.saturation_codes + config.adc.pedestal_codes) * 4
    good = (codes[3] < full_well) & (codes[2] >= full_well)
    above = normalise(codes[3], FrameSettings.defaults(config)["captures"][3], config) >= (
        normalise(codes[2], FrameSettings.defaults(config)["captures"][2], config))
    codes, columns = codes[:, good & above], int((good & above).sum())
    assert columns > 50
    codes[:2] = 16383
    values, _ = combine(codes, config)
    codes[2] = generator.integers(full_well, codes[2] + 1)
    assert (combine(codes, config)[0] == values).all()


def lamps(config, mean, sweep, generator, repeats=1):
    """Codes (captures, frequencies, phases, repeats) of lamps, duty by duty."""
    frequencies = {
        "some": [90, 100, 110, 120, 137, 150, 180, 240, 300, 333, 480, 600, 777, 1000],
        "many": np.unique([*np.linspace(90, 300, 85), *np.geomspace(300, 1000, 60), *range(
            120, 1000, 60)])}[sweep]
    duties = {"some": (0.1, 0.3, 0.5, 1.0), "many": np.linspace(0.1, 1, 10)}[sweep]
    phases = (np.arange(72) + 0.5) / 72
    for duty in duties:
        lit = lamp_fractions(config, np.array(frequencies)[:, None], duty, phases[None, :])
        light = np.repeat(lit[..., None] * mean / duty, repeats, axis=-1)
        yield duty, draw_codes(config, light, generator)


SWEEPS = pytest.mark.parametrize("sweep", ["some", pytest.param("many", marks=pytest.mark.slow)])


@SWEEPS
@pytest.mark.parametrize("mean", [1e3, 5e3, 1.5e4, 3e4, 2e5, 2e6, 6e6])
def test_lamps_are_never_lost(mean, sweep, seed):
    """Detection: at least 0.4 of the mean in every phase, from dim to 2.1 small full wells."""
    config = preset("vga")
    for _, codes in lamps(config, mean, sweep, np.random.default_rng(seed)):
        assert (electrons_of(combine(codes, config)[0], config) >= 0.4 * mean).all()


@SWEEPS
@pytest.mark.parametrize("mean", [4e4, 2e5, 2e6])
def test_lamps_are_as_steady_as_the_small_photodiode_sees_them(mean, sweep, seed):
    """Modulation mitigation: the share within 20 % is that of the small photodiode alone."""
    config = preset("vga")
    small = FrameSettings.defaults(config)["captures"][2]
    for duty, codes in lamps(config, mean, sweep, np.random.default_rng(seed), repeats=12):
        combined = combine_marked(codes, config)
        alone = normalise(codes[2], small, config) * config.lsb_electrons
        ideal = within_share(alone, mean, 0.2, axis=(-2, -1))
        reached = within_share(electrons_of(combined.values, config), mean, 0.2, axis=(-2, -1))
        assert (reached >= ideal - 0.01).all()
        assert duty < 1 or combined.flicker.mean() < 1e-3
        # A dim lamp hides in the noise of the very short capture more often.
        assert duty > 0.4 or combined.flicker.mean() > (0.4 if mean < 1e5 else 0.9)


def test_a_pulse_that_the_shorter_capture_missed_is_kept_and_marked():
    """Small photodiode full, very short one dark: the light was at least the former's."""
    config = preset("vga")
    codes = noiseless_codes(config, np.array([[4e6], [4e6], [4e6], [0.0]]))
    combined = combine_marked(codes, config)
    bound = 0.99 * config.pixel.small_full_well_electrons * config.exposure_ratio(
        config.captures[2])
    assert electrons_of(combined.values, config) >= bound
    assert combined.flicker.all()
    assert not combined.clipped.any()


def test_nothing_is_marked_nor_preferred_when_told_so(seed):
    config = preset("vga")
    settings = FrameSettings.defaults(config) | {"flicker_enable": 0}
    codes = noiseless_codes(config, np.array([[1e4], [1e4], [3e4], [3e4]]))
    own = noiseless_codes(config, np.array([1e4]))
    combined, alone = (combine_marked(each, config, settings) for each in (codes, own))
    assert not combined.flicker.any()
    assert combined.values == pytest.approx(alone.values, rel=0.01)
    marked = combine_marked(codes, config)
    assert marked.flicker.all()
    assert electrons_of(marked.values, config) == pytest.approx([3e4], rel=0.02)


def test_a_moving_edge_leaves_no_ghost(seed):
    """20 pixels per frame: every pixel lies between what its captures saw, noise included."""
    config, generator = preset("vga"), np.random.default_rng(seed)
    settings = FrameSettings.defaults(config)
    speed = 20 / config.frame_time_s
    columns = np.arange(64.0)[:, None]
    for low, high in ((200, 1e5), (5e3, 2e6), (3e4, 8e6)):
        lit = []
        for capture in config.captures:
            end = 30 + speed * capture.lag_lines * config.line_time_s
            path = speed * config.exposure_cycles(capture) / config.sync_clock_hz
            lit.append(np.clip((end - columns) / path, 0, 1) * np.ones((1, 50)))
        codes = draw_codes(config, low + (high - low) * np.array(lit), generator)
        single = np.array([normalise(codes[index], settings["captures"][index], config)
                           for index in range(4)]) + settings["pedestal_lsb"]
        values = combine(codes, config)[0]
        assert (values >= np.clip(single.min(axis=0), 0, None)).all()
        assert (values <= single.max(axis=0)).all()


def test_defaults_prefer_the_capture_that_sees_every_lamp():
    assert FrameSettings.defaults(preset("vga"))["flicker_capture"] == 2
    assert FrameSettings.defaults(exposure_die(("H", 1), ("L", 1), ("L", 8)))[
        "flicker_capture"] == 1
