# SPDX-License-Identifier: Apache-2.0
"""Any settings whatever, valid or clamped: the die does what the models say."""

import random

import pytest

from support.die_runs import assert_exact
from support.random_settings import random_settings
from tapetum_sim.host import RegisterMap
from tapetum_sim.models.settings import frame_settings

FAST_RUNS, RUNS = 6, 80
"""Each converts, corrects and combines 2 frames of 16 rows with 4 captures: 10,240 rows in all."""


@pytest.mark.parametrize("number", [
    *range(FAST_RUNS),
    *(pytest.param(number, marks=pytest.mark.slow) for number in range(FAST_RUNS, RUNS))])
def test_random_settings(run, die, seed, number):
    generator = random.Random(f"{seed}.{number}")
    registers = random_settings(die, generator)
    resets = {name: register.reset for name, register in RegisterMap(die).registers.items()
              if register.is_writable}
    clamped = frame_settings(die, resets | registers).clamped
    record = run(seed=seed + number, registers=registers)
    assert_exact(record, frames=2, faults={"settings_clamped"} if clamped else set())
