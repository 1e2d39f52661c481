# SPDX-License-Identifier: Apache-2.0
"""Any die whatever: random sizes, captures, clocks and links, under random settings."""

import random

import pytest

from support.die_runs import assert_exact, run_small
from support.random_settings import random_settings
from support.small_dies import CAPTURE_KINDS, small_die
from tapetum.config import ColourFilter, ConfigError, DieConfig
from tapetum.presets import preset

DIES = 6
RUNS_PER_DIE = 8
ATTEMPTS = 200


def random_die(generator: random.Random, name: str) -> DieConfig:
    """A die that passes its own checks; most draws do."""
    for _ in range(ATTEMPTS):
        count = generator.randint(1, 4)
        kinds = tuple(sorted(generator.sample(CAPTURE_KINDS, count), key=CAPTURE_KINDS.index))
        lag = generator.randint(1, 6) if kinds[-1] == "VS" and count > 1 else 0
        try:
            return small_die(
                name, kinds=kinds, lag_lines=lag,
                line_buffer_lag_lines=lag + generator.randint(0, 3),
                columns=4 * generator.randint(4, 20), rows=2 * generator.randint(1, 10),
                lanes=generator.choice((1, 2, 4)), bits=generator.randint(8, 10),
                optical_black_rows=generator.choice((2, 4, 8)),
                optical_black_columns=generator.choice((4, 8, 16)),
                test_rows=generator.choice((0, 2, 4)),
                blanking_lines=generator.randint(4, 10),
                colour_filter=generator.choice(list(ColourFilter)),
                bond_group_columns=generator.choice((4, 8, 16, 32)),
                sync_clock_hz=generator.uniform(50e6, 110e6),
                adc_clock_hz=generator.uniform(80e6, 600e6),
                spare_line_cycles=generator.randint(0, 60),
                byte_lanes=generator.choice((1, 2, 4)),
                byte_clock_hz=generator.uniform(90e6, 190e6),
                line_sync_packets=generator.random() < 0.5,
                row_buffer_rows=generator.randint(2, 5))
        except ConfigError:
            continue
    raise AssertionError("no draw made a valid die")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(DIES))
def test_a_random_die_is_exact_under_random_settings(tmp_path, seed, number):
    generator = random.Random(f"{seed}.{number}")
    die = random_die(generator, f"random-{number}")
    print(die)
    for run in range(RUNS_PER_DIE):
        registers = random_settings(die, generator) if run else {}
        print(registers)
        record = run_small(die, tmp_path / str(run), frames=3, seed=seed + run,
                           registers=registers)
        faults = set(record.faults)
        allowed = {"settings_clamped"} if run else set()
        if registers.get("output_mode"):
            # All captures of a row at once may be more than this link carries.
            allowed |= {"row_buffer_overflow"}
        assert faults <= allowed, faults
        lost = [frame.frame for frame in record.frames if frame.outcome != "complete"]
        assert bool(lost) == ("row_buffer_overflow" in faults)
        assert_exact(record, faults=faults, frames=3, incomplete=lost)


@pytest.mark.slow
def test_the_tiny_preset_is_exact(tmp_path, seed):
    """With the long lines and the resolution that the small dies leave out."""
    die = preset("tiny")
    assert_exact(run_small(die, tmp_path, frames=3, seed=seed), frames=3)
    assert_exact(run_small(die, tmp_path, frames=2, seed=seed, registers={
        "output_mode": 1, "csi_data_format": 0x1414, "image_orientation": 3}), frames=2)
