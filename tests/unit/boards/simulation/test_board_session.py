# SPDX-License-Identifier: Apache-2.0
"""However a simulated board ends, nothing of it runs on, and why it ended is one sentence."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tapetum_boards.simulation import run, session
from tapetum_boards.simulation.bench import is_wanted
from tapetum_boards.simulation.screenshot import Screenshot
from tapetum_sim.cli import app
from tapetum_sim.simulator import BuildError, SimulationError

LIMIT_S = 20


def simulate(folder):
    return CliRunner().invoke(app, ["board", "simulate", "--preset", "tiny", "--out", str(folder)])


@pytest.fixture
def simulator(monkeypatch):
    """Puts a function ``behave(alive)`` in place of the simulator, after its port is there."""
    def replaced(behave):
        def start(made, module, *, directory, parameters, **options):
            (directory / "serial.port").symlink_to("/dev/null")
            behave(Path(parameters["alive"]))

        monkeypatch.setattr(run, "build", lambda *given, **options: None)
        monkeypatch.setattr(run, "run_simulator", start)

    return replaced


def test_a_simulator_that_dies_ends_the_board(tmp_path, simulator):
    def die(alive):
        time.sleep(0.1)
        raise SimulationError("top failed with exit code -9\nits log")

    simulator(die)
    result = simulate(tmp_path)
    assert result.exit_code == 2, result.exception
    assert "did not go well: top failed with exit code -9 (details: " in result.stderr
    assert "its log" in (tmp_path / "failure.log").read_text()
    assert not (tmp_path / "alive").exists()
    assert not (tmp_path / "serial.port").is_symlink(), "a port that nobody is behind"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_board_that_is_told_to_end_takes_its_simulator_along(
        tmp_path, monkeypatch, simulator, number):
    ended = []

    def last(alive):
        # A terminal's Ctrl-C reaches the simulator too, which has its file to tell it.
        call = f"import os, signal; os.kill(os.getpid(), {number:d}); print('goes on')"
        ended.append(subprocess.run([sys.executable, "-c", call], check=False, text=True,
                                    stdout=subprocess.PIPE).stdout)
        deadline = time.monotonic() + LIMIT_S
        while alive.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        ended.append(alive.exists())

    class TellingScreenshot(Screenshot):
        def update(self):
            os.kill(os.getpid(), number)
            return False

    def spare(number, frame):
        pytest.fail("the signal was not for the tests")

    simulator(last)
    monkeypatch.setattr(session, "Screenshot", TellingScreenshot)
    before = signal.signal(signal.SIGTERM, spare)
    # What a script runs in the background is deaf to it.
    deaf = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = simulate(tmp_path)
        assert signal.getsignal(signal.SIGTERM) is spare, "it is not restored"
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, deaf)
    assert result.exit_code == 0, result.exception
    assert ended == ["goes on\n", False]
    assert "Ending." in result.stderr


def test_a_simulator_that_is_not_built_is_one_sentence(tmp_path, monkeypatch):
    def refuse(*given, **options):
        raise BuildError("the simulator could not be built: make failed\nits log")

    monkeypatch.setattr(run, "build", refuse)
    result = simulate(tmp_path)
    assert result.exit_code == 2, result.exception
    assert "could not be built: make failed (details: " in result.stderr


def test_a_folder_that_cannot_be_written_is_known_before_the_simulator_is_built(
        tmp_path, monkeypatch):
    monkeypatch.setattr(run, "build", lambda *given, **options: pytest.fail("it was built"))
    (tmp_path / "file").touch()
    result = simulate(tmp_path / "file")
    assert result.exit_code == 2, result.exception
    assert "choose another folder with --out" in result.stderr


def test_a_simulator_ends_with_its_file_and_with_its_caller(tmp_path):
    alive = tmp_path / "alive"
    assert not is_wanted(alive, os.getppid())
    alive.touch()
    assert is_wanted(alive, os.getppid())
    assert not is_wanted(alive, os.getpid()), "a caller that was killed leaves its file behind"


def test_a_simulator_knows_its_caller(tmp_path, monkeypatch, simulator):
    callers = []

    def start(made, module, *, directory, parameters, **options):
        call = "import os; print(os.getppid())"
        callers.append((parameters["caller"], int(subprocess.run(
            [sys.executable, "-c", call], check=True, text=True, stdout=subprocess.PIPE).stdout)))

    simulator(lambda alive: None)
    monkeypatch.setattr(run, "run_simulator", start)
    simulate(tmp_path)
    [(told, seen)] = callers
    assert told == seen
