# SPDX-License-Identifier: Apache-2.0
"""Any settings whatever, valid or clamped: the die does what the models say."""

import random

import pytest

from support.die_runs import assert_exact
from support.random_settings import random_settings

RUNS = 20


@pytest.mark.parametrize("number", range(RUNS))
def test_random_settings(run, die, seed, number):
    generator = random.Random(f"{seed}.{number}")
    record = run(seed=seed + number, registers=random_settings(die, generator))
    clamped = {"settings_clamped"} & set(record.faults)
    assert_exact(record, frames=2, faults=clamped)
