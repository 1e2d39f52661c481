# SPDX-License-Identifier: Apache-2.0
"""``tapetum sim``: mistakes cost one sentence, not a traceback, and no simulator is built."""

import numpy as np
import pytest
from typer.testing import CliRunner

from tapetum_sim.cli import app
from tapetum_sim.frame import run, session
from tapetum_sim.simulator import CycleLimitError


@pytest.fixture(autouse=True)
def no_simulator(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("this must be refused before a simulator is built")

    monkeypatch.setattr(run, "build_simulator", refuse)


def sim(tmp_path, *arguments):
    return CliRunner().invoke(
        app, ["sim", "--preset", "tiny", "--out", str(tmp_path / "out"), *map(str, arguments)],
        terminal_width=300)


def scene(tmp_path, values):
    path = tmp_path / "scene.npy"
    np.save(path, values)
    return path


@pytest.mark.parametrize("arguments, sentence", [
    (["--scene", "tunel"], "there is no scene of that name"),
    (["--scene", "missing.exr"], "there is no such file"),
    (["--set", "capture_mask"], "--set 'capture_mask' must be REGISTER=VALUE"),
    (["--set", "capture_mask="], "must be REGISTER=VALUE"),
    (["--set", "capture_mask=three"], "must be REGISTER=VALUE with a whole number"),
    (["--set", "capture_mask=1.5"], "must be REGISTER=VALUE with a whole number"),
    (["--set", "=3"], "there is no register ''"),
    (["--set", "captur_mask=3"], "perhaps capture_mask"),
    (["--set", "mask=3"], "perhaps capture_mask or fault_mask or second_capture_mask is meant"),
    (["--set", "zzz=3"], "there is no register 'zzz'; `tapetum registers` lists all of them"),
    (["--set", "capture_mask=256"], "register capture_mask holds 0 to 15, not 256"),
    (["--set", "capture_mask=-1"], "register capture_mask holds 0 to 15, not -1"),
    (["--set", "frame_count=3"], "register frame_count is read-only"),
])
def test_a_mistake_gives_one_sentence(tmp_path, arguments, sentence):
    result = sim(tmp_path, *arguments)
    assert result.exit_code == 2, result.output
    told = [line for line in result.stderr.splitlines() if line.startswith("tapetum: ")
            and line.endswith(".")]
    assert len(told) == 1
    assert sentence in told[0]
    assert "Traceback" not in result.output


@pytest.mark.parametrize("arguments, part", [
    (["--preset", "tinny"], "did you mean tiny"),
    (["--frames", "0"], "--frames"),
    (["--frames", "two"], "--frames"),
    (["--temperature", "900"], "--temperature"),
])
def test_a_wrong_option_is_named(tmp_path, arguments, part):
    result = sim(tmp_path, *arguments)
    assert result.exit_code == 2
    assert part in result.output


@pytest.mark.parametrize("values, sentence", [
    (np.full((48, 64), np.nan), "3072 of its pixels are NaN"),
    (np.where(np.eye(48, 64), -5.0, 1.0), "48 of its pixels are negative"),
    (np.zeros((48, 64)), "it is black everywhere"),
    (np.zeros((0, 64)), "its shape is"),
    (np.ones(7), "its shape is"),
], ids=["NaN", "negative", "black", "empty", "flat"])
def test_a_scene_that_cannot_be_gives_one_sentence(tmp_path, values, sentence):
    result = sim(tmp_path, "--scene", scene(tmp_path, values))
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr


def test_an_empty_scene_file_gives_one_sentence(tmp_path):
    path = tmp_path / "empty.exr"
    path.touch()
    result = sim(tmp_path, "--scene", path)
    assert result.exit_code == 2
    assert "the file is empty" in result.stderr


def test_a_folder_that_cannot_be_written_gives_one_sentence(tmp_path):
    (tmp_path / "out").write_text("a file stands here")
    result = sim(tmp_path)
    assert result.exit_code == 2, result.output
    assert "cannot write" in result.stderr
    assert "--out" in result.stderr


def test_a_run_that_does_not_end_says_where_it_stood(tmp_path, monkeypatch):
    def stuck(request, directory, **_):
        raise CycleLimitError("bench: CYCLE LIMIT: sync stood at 12345 cycles\nlog line")

    monkeypatch.setattr(session, "run_die", stuck)
    result = sim(tmp_path)
    assert result.exit_code == 2
    assert "sync stood at 12345 cycles" in result.stderr
    assert "log line" in (tmp_path / "out" / "failure.log").read_text()


@pytest.mark.parametrize("found, code", [
    ({}, 0), ({"mismatches": 1}, 1), ({"dropped_frames": 1}, 1), ({"pixels_compared": 0}, 1)])
def test_the_exit_code_says_whether_all_was_right(tmp_path, monkeypatch, found, code):
    summary = {"mismatches": 0, "dropped_frames": 0, "pixels_compared": 10, "boundaries": [],
               "frame_outcomes": [], "faults": [], "notices": [], "wall_s": 0.1, "walls_s": {},
               "npu": {"verdict": None, "verdicts": None},
               "csi2": {"packets": 1, "bytes": 4, "ecc_errors": 0, "crc_errors": 0, "frame_crcs": 1,
                 "frame_crc_errors": 0,
                        "sequence_errors": []}} | found
    asked = {}
    monkeypatch.setattr(session, "simulate", lambda **options: asked.update(options) or summary)
    result = sim(tmp_path, "--set", "capture_mask=0b11", "--set", "y_odd_inc=3", "--frames", "3")
    assert result.exit_code == code, result.output
    assert asked["registers"] == {"capture_mask": 3, "y_odd_inc": 3}
    assert asked["frames"] == 3


@pytest.mark.parametrize("options, culprit", [
    (("--set", "trigger_mode=1"), "--sync-pulse"),
    (("--stall", "5"), "FROM:TO"),
    (("--stall", "9:5"), "FROM:TO"),
])
def test_pulses_and_stalls_that_make_no_sense_are_refused(options, culprit):
    result = CliRunner().invoke(app, ["sim", "--preset", "tiny", *options])
    assert result.exit_code == 2
    assert culprit in result.output
