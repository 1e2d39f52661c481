# SPDX-License-Identifier: Apache-2.0
"""Fixtures for every test: the seed of the run, and the four kinds of traffic."""

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if report.failed and "seed" in getattr(item, "fixturenames", ()):
        seed = read_seed()
        report.sections.append((f"seed {seed}", f"replay: {replay_command(item.nodeid, seed)}"))
    return report
