# SPDX-License-Identifier: Apache-2.0
"""The die on which most tests run, and a run of it to look at."""

from typing import Any

import pytest

from support.die_runs import make_request, run_small
from support.small_dies import small_die
from tapetum_sim.frame.recordings import Recordings

__all__ = ["die", "finished", "run"]

FOUR_CAPTURES = small_die("four-captures")


@pytest.fixture
def die():
    """Four captures, three exposures, one pixel per clock."""
    return FOUR_CAPTURES


@pytest.fixture
def run(die, tmp_path):
    """Run the die of this test; the options are those of `make_request`."""
    def run_here(**options):
        return run_small(die, tmp_path, **options)
    return run_here


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A good run of two frames: its request, what was recorded, what was made of it."""
    directory = tmp_path_factory.mktemp("finished")
    options: dict[str, Any] = {"frames": 2, "seed": 5}
    record = run_small(FOUR_CAPTURES, directory, **options)
    request = make_request(FOUR_CAPTURES, directory, **options)
    return request, Recordings.load(directory, FOUR_CAPTURES), record
