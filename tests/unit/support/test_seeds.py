# SPDX-License-Identifier: Apache-2.0
"""A random test can be repeated with one command."""

import os
import shlex

import pytest

from support import read_seed, replay_command


def test_the_default_seed_is_fixed(monkeypatch):
    monkeypatch.delenv("TAPETUM_TEST_SEED", raising=False)
    assert read_seed() == read_seed() == 1


@pytest.mark.parametrize("text, value", [("12", 12), ("0x10", 16)])
def test_the_environment_sets_the_seed(monkeypatch, text, value):
    monkeypatch.setenv("TAPETUM_TEST_SEED", text)
    assert read_seed() == value


def test_a_drawn_seed_is_handed_to_the_workers(monkeypatch):
    monkeypatch.setenv("TAPETUM_TEST_SEED", "random")
    drawn = read_seed()
    assert os.environ["TAPETUM_TEST_SEED"] == str(drawn)
    assert read_seed() == drawn


def test_rejects_a_seed_that_is_none(monkeypatch):
    monkeypatch.setenv("TAPETUM_TEST_SEED", "lucky")
    with pytest.raises(ValueError, match="whole number or 'random'"):
        read_seed()


def test_the_replay_command_survives_the_shell():
    words = shlex.split(replay_command("tests/unit/test_a.py::test_b[x y]", 7))
    assert words[0] == "TAPETUM_TEST_SEED=7"
    assert words[-1] == "tests/unit/test_a.py::test_b[x y]"


FAILING_TEST = """
def test_that_fails(seed):
    assert seed == -1
"""


def test_a_failure_prints_the_seed_and_the_replay_command(pytester, monkeypatch, pytestconfig):
    monkeypatch.setenv("TAPETUM_TEST_SEED", "77")
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath / "tests"))
    conftest = (pytestconfig.rootpath / "tests" / "conftest.py").read_text()
    pytester.makeconftest(conftest)
    pytester.makepyfile(FAILING_TEST)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "*seed 77*",
        "replay: TAPETUM_TEST_SEED=77 .venv/bin/python -m pytest *::test_that_fails",
    ])
