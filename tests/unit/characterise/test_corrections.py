# SPDX-License-Identifier: Apache-2.0
"""What corrections leave is found in codes whose errors are known."""

import numpy as np
import pytest

from tapetum.presets import preset
from tapetum_sim.characterise.backends import Backend, settings_with
from tapetum_sim.characterise.black_level_figures import (
    STEP_FRAME,
    SWEEP_CELSIUS,
    SWEEP_FRAMES,
    black_level_error,
    black_level_frames,
)
from tapetum_sim.characterise.context import Context
from tapetum_sim.characterise.emva import fixed_pattern_noise
from tapetum_sim.characterise.fixed_pattern_figures import (
    column_dsnu,
    column_prnu,
    row_noise_reduction,
)
from tapetum_sim.characterise.flat_fields import flat_fields
from tapetum_sim.characterise.plan import Plan, Temperatures, Warming, short_frame
from tapetum_sim.characterise.shot import Shot

CONFIG = preset("vga")
FRACTION = 1 << CONFIG.hdr.fraction_bits
BLACK = CONFIG.adc.pedestal_codes * FRACTION
ROWS, COLUMNS = 64, 640


def fields(generator, level, *, column_offset=0.0, column_gain=0.0, pixel_gain=0.0, noise=8.0):
    """Flat fields in quarter codes."""
    columns = column_offset * generator.standard_normal(COLUMNS)
    gain = (1 + column_gain * generator.standard_normal(COLUMNS)
            + pixel_gain * generator.standard_normal((ROWS, COLUMNS)))
    return [np.rint(BLACK + columns + gain * light
                    + noise * generator.standard_normal((4, ROWS, COLUMNS))).astype(int)
            for light in (0, level)]


def test_emva_1288_finds_offsets_and_gains_of_columns(seed):
    generator = np.random.default_rng(seed)
    found = fixed_pattern_noise(*fields(generator, 7000, column_offset=3.0, column_gain=0.002,
                                        pixel_gain=0.005))
    assert found.dsnu_column == pytest.approx(3.0, rel=0.15)
    assert found.prnu_column == pytest.approx(0.2, rel=0.15)
    assert found.prnu_pixel == pytest.approx(0.5, rel=0.1)


def test_noise_alone_is_no_pattern(seed):
    found = fixed_pattern_noise(*fields(np.random.default_rng(seed), 7000))
    assert found.dsnu_column < 0.25
    assert found.prnu_column < 0.005


def test_numpy_is_left_as_it_was(seed):
    before = hasattr(np, "asfarray")
    fixed_pattern_noise(*fields(np.random.default_rng(seed), 100))
    assert hasattr(np, "asfarray") is before


class Coded(Context):
    """A context whose corrected codes come from the test: a function of the frame's number."""

    def take(self, plan: Plan) -> Shot:
        settings = settings_with(CONFIG, plan.registers)
        shape = (plan.frames, len(CONFIG.captures), ROWS, COLUMNS)
        noise = np.random.default_rng(1).standard_normal((plan.frames, 1, 1, 1))
        error = np.array([self.error_of(frame) for frame in range(plan.frames)])
        corrected = np.rint(BLACK + FRACTION * (error[:, None, None, None] + 0.01 * noise)
                            + np.zeros(shape)).astype(np.uint32)
        frames = list(range(plan.frames))
        return Shot(config=CONFIG, numbers=frames, settings=dict.fromkeys(frames, settings),
                    array_rows=np.arange(ROWS), codes=np.zeros(shape, np.uint16),
                    corrected=corrected, linear=np.zeros(()), clipped=np.zeros(()), flicker=None,
                    windows=np.zeros(()))


def coded(error_of) -> Coded:
    context = Coded(config=CONFIG)
    context.error_of = error_of
    return context


def test_black_that_returns_after_three_frames_is_found_so():
    context = coded(lambda frame: 8.0 if STEP_FRAME <= frame < STEP_FRAME + 3 else 0.0)
    assert black_level_frames(context).figure == 4
    assert black_level_frames(context).met is True
    assert black_level_error(context).figure == pytest.approx(0, abs=0.01)


def test_black_that_never_returns_has_no_number_of_frames():
    context = coded(lambda frame: 8.0 if frame >= STEP_FRAME else 0.0)
    assert black_level_frames(context).figure is None
    assert black_level_error(context).figure == pytest.approx(8, abs=0.1)


def test_a_step_of_temperature_falls_on_its_frame():
    warming = Warming(25.0, 105.0, 8)
    assert [warming(frame) for frame in (0, 7, 8, 9)] == [25.0, 25.0, 105.0, 105.0]


def test_temperatures_follow_each_other_for_as_many_frames_each():
    temperatures = Temperatures((-40.0, 25.0, 125.0), 4, 2)
    assert [temperatures(frame) for frame in range(12)] == (
        [-40.0] * 6 + [25.0] * 2 + [125.0] * 4)


def test_black_that_drifts_with_the_temperature_is_found_so():
    last = STEP_FRAME + SWEEP_FRAMES * (len(SWEEP_CELSIUS) - 1)
    context = coded(lambda frame: 2.0 if frame >= last else 0.0)
    for errors in black_level_error(context).details["by_temperature"].values():
        assert errors == pytest.approx([0.0] * (len(SWEEP_CELSIUS) - 1) + [2.0], abs=0.1)


@pytest.mark.parametrize("name", ["tiny", "vga", "hd"])
def test_a_short_frame_is_one_that_the_die_takes_as_it_is(name):
    config = preset(name)
    registers = short_frame(config)
    settings = settings_with(config, registers)
    assert settings["frame_length_lines"] == registers["frame_length_lines"]
    assert settings["frame_length_lines"] <= config.timing.frame_length_lines
    for group in config.exposure_groups:
        prefix = f"exposure_{group.index}_" if group.index else ""
        capture = settings["captures"][group.captures[0]]
        assert capture["coarse_integration_lines"] == registers[prefix + "coarse_integration_time"]


@pytest.fixture(scope="module")
def tiny():
    return Context(config=preset("tiny"), backend=Backend.MODEL, frames=2)


@pytest.mark.slow
def test_flat_fields_are_dark_and_half_full_in_every_capture(tiny):
    taken = flat_fields(tiny)
    adc = tiny.config.adc
    for dark, bright in zip(taken.dark_codes, taken.bright_codes, strict=True):
        assert len(dark) == len(bright) == 2
        assert dark.mean() == pytest.approx(adc.pedestal_codes, abs=8)
        assert (bright.mean() - dark.mean()) / adc.full_well_codes == pytest.approx(0.5, abs=0.02)


@pytest.mark.slow
def test_errors_that_the_pixel_die_injects_are_found_before_correction(tiny):
    before = column_dsnu(tiny).details["before"]
    assert all(value == pytest.approx(20, rel=0.35) for value in before.values())
    assert column_prnu(tiny).details["before"].keys() == before.keys()
    assert row_noise_reduction(tiny).details["before_lsb12"]["LCG"] == pytest.approx(4, rel=0.35)
