# SPDX-License-Identifier: Apache-2.0
"""Fixtures for every test: the seed of the run, the four kinds of traffic, sampled cases."""

import random
from itertools import groupby

import pytest

from support import TRAFFIC_KINDS, Traffic, read_seed, replay_command
from tapetum_sim.garbage import collect_seldom

__all__ = ["seed", "traffic"]

pytest_plugins = ["pytester"]


def pytest_configure(config: pytest.Config) -> None:
    collect_seldom()
    read_seed()  # before the workers start: they must inherit a seed that was drawn


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {read_seed()} (TAPETUM_TEST_SEED)"


@pytest.fixture
def seed() -> int:
    """The seed of this run; a failing test that uses it prints how to run it again."""
    return read_seed()


@pytest.fixture(params=TRAFFIC_KINDS)
def traffic(request: pytest.FixtureRequest, seed: int) -> Traffic:
    """Runs the test at full rate, with bubbles, with stalls and with both."""
    return Traffic.of(request.param, seed)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a ``sampled`` test so many cases are fast, drawn by the seed; the others are slow."""
    marked = [item for item in items if item.get_closest_marker("sampled")]
    for name, cases in groupby(marked, lambda item: item.nodeid.partition("[")[0]):
        cases = list(cases)
        count = next(cases[0].iter_markers("sampled")).args[0]
        drawn = random.Random(f"{read_seed()} {name}").sample(cases, min(count, len(cases)))
        for case in cases:
            if case not in drawn:
                case.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if report.failed and "seed" in getattr(item, "fixturenames", ()):
        seed = read_seed()
        report.sections.append((f"seed {seed}", f"replay: {replay_command(item.nodeid, seed)}"))
    return report
