# SPDX-License-Identifier: Apache-2.0
"""``tapetum serve``: mistakes cost one sentence, not a traceback, and no simulator is built."""

import pytest
from typer.testing import CliRunner

from tapetum_sim.cli import app
from tapetum_sim.client import RefusedError
from tapetum_sim.serve import session


@pytest.fixture(autouse=True)
def no_simulator(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("this must be refused before a simulator is built")

    monkeypatch.setattr(session, "build_simulator", refuse)


def serve(out, *arguments):
    return CliRunner().invoke(
        app, ["serve", "--preset", "tiny", "--out", str(out), *map(str, arguments)],
        terminal_width=300)


def told(result):
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    sentence, = [line for line in result.stderr.splitlines()
                 if line.startswith("tapetum: ") and line.endswith(".")]
    return sentence


@pytest.mark.parametrize("arguments, part", [
    (["--preset", "tinny"], "did you mean tiny"),
    (["--bus-hz", "2000000"], "--bus-hz"),
    (["--depth", "0"], "--depth"),
    (["--temperature", "900"], "--temperature"),
])
def test_a_wrong_option_is_named(tmp_path, arguments, part):
    result = serve(tmp_path, *arguments)
    assert result.exit_code == 2
    assert part in result.output


def test_a_scene_that_is_not_there_gives_one_sentence(tmp_path):
    assert "there is no scene of that name" in told(serve(tmp_path, "--scene", "tunel"))


def test_a_folder_whose_name_is_too_long_for_a_socket_gives_one_sentence(tmp_path):
    sentence = told(serve(tmp_path / ("long" * 30)))
    assert "104 bytes" in sentence
    assert "--out" in sentence


def test_a_file_in_the_place_of_a_socket_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "i2c.sock").write_text("mine")
    assert "no socket" in told(serve("."))
    assert (tmp_path / "i2c.sock").read_text() == "mine"


def test_a_folder_that_cannot_be_written_gives_one_sentence(tmp_path):
    (tmp_path / "out").write_text("a file stands here")
    assert "cannot write" in told(serve(tmp_path / "out"))


class EndedSensor:
    """Answers nothing more."""

    def __init__(self, problem: Exception):
        self.problem, self.bus = problem, self

    def __call__(self, folder) -> "EndedSensor":
        return self

    def __enter__(self) -> "EndedSensor":
        return self

    def __exit__(self, *_) -> None:
        pass

    def info(self) -> dict:
        raise self.problem


@pytest.mark.parametrize("problem", [ConnectionError("it has ended"), RefusedError("no device")])
def test_a_sensor_that_ends_or_refuses_during_a_replay_is_told_in_a_sentence(
        problem, monkeypatch, tmp_path):
    monkeypatch.setattr("tapetum_sim.client.VirtualSensor", EndedSensor(problem))
    said = CliRunner().invoke(app, ["replay", str(tmp_path)])
    assert said.exit_code == 2
    assert f"did not go on ({problem}); start it anew." in " ".join(said.stderr.split())
