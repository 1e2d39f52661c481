# SPDX-License-Identifier: Apache-2.0
"""The set-up of a fresh machine names the remedy, in one sentence, before it changes anything."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SYSTEM_TOOLS = ("sh", "cat", "cksum", "dirname", "grep", "head", "mkdir", "rm")
REQUIRED = ("make", "g++", "perl")


@pytest.fixture
def machine(tmp_path):
    """A checkout, and a PATH on which only what a test puts there can be found."""
    checkout = tmp_path / "checkout"
    (checkout / "scripts").mkdir(parents=True)
    for name in ("requirements.lock", "pyproject.toml", "scripts/bootstrap.sh"):
        shutil.copy(ROOT / name, checkout / name)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in SYSTEM_TOOLS:
        found = shutil.which(name)
        assert found is not None, f"{name} is part of every system"
        (tools / name).symlink_to(found)
    return checkout, tools


def put(tools: Path, name: str, script: str = "exit 0") -> Path:
    path = tools / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def refusal(machine, **environment: str) -> str:
    checkout, tools = machine
    result = subprocess.run(
        ["sh", "scripts/bootstrap.sh"], cwd=checkout, env={"PATH": str(tools), **environment},
        capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert not (checkout / ".venv" / "installed").exists()
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("tapetum: ")
    return lines[0]


def test_missing_tools_are_named_together(machine):
    put(machine[1], "make")
    assert "missing: g++ perl; install" in refusal(machine)


def test_no_python_at_all(machine):
    for tool in REQUIRED:
        put(machine[1], tool)
    assert "python3 is missing; install a Python from 3.11 to 3.14" in refusal(machine)


def test_a_python_that_is_too_old(machine):
    for tool in REQUIRED:
        put(machine[1], tool)
    put(machine[1], "python3", 'case "$2" in *platform*) echo "is 3.9.2";; *) exit 1;; esac')
    assert "python3 is 3.9.2; install a Python from 3.11" in refusal(machine)


def test_a_chosen_python_that_does_not_suit(machine):
    for tool in REQUIRED:
        put(machine[1], tool)
    old = put(machine[1], "python3.8", "exit 1")
    assert f"PYTHON={old} is not a Python from 3.11" in refusal(machine, PYTHON=str(old))


def test_a_python_without_venv(machine):
    for tool in REQUIRED:
        put(machine[1], tool)
    put(machine[1], "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    assert "python3 has no venv module; install it" in refusal(machine)


def test_an_interrupted_installation_is_not_taken_for_a_good_one(machine):
    checkout, tools = machine
    for tool in REQUIRED:
        put(tools, tool)
    put(tools, "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    leftover = checkout / ".venv" / "bin"
    leftover.mkdir(parents=True)
    put(leftover, "python")
    refusal(machine)
    assert not leftover.exists(), "it starts afresh"
