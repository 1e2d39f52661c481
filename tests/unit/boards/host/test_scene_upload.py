# SPDX-License-Identifier: Apache-2.0
"""Scenes reach a board's memory over a bad line, and bad scenes are refused."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from typer.testing import CliRunner

from support.pretended_board import CONFIG, PretendedBoard
from tapetum_boards.host.board import Board
from tapetum_boards.host.scene_upload import scene_words, upload_scene
from tapetum_boards.host.serial_link import SerialLink
from tapetum_sim.cli import app
from tapetum_sim.errors import UserError


def test_an_upload_goes_on_after_packets_that_were_spoilt(seed):
    generator = Random(seed)
    pretended = PretendedBoard(lambda number: generator.random() < 0.2)
    words = np.random.default_rng(seed).integers(1 << 16, size=(48, 64)).astype(np.uint16)
    steps = []
    board = Board(SerialLink(pretended.port, answer_s=0.05))
    upload_scene(board, words, lambda done, total: steps.append((done, total)))
    assert pretended.kept(2 * words.size) == words.astype(">u2").tobytes()
    assert board.get("scene") == 3
    assert steps[-1] == (2 * words.size, 2 * words.size)
    assert pretended.asked > len(steps) + 4


def test_a_board_that_goes_away_is_named_in_one_sentence():
    pretended = PretendedBoard(lambda number: number > 6)
    board = Board(SerialLink(pretended.port, answer_s=0.02))
    with pytest.raises(UserError, match=r"nothing answers at .*`tapetum board flash`"):
        upload_scene(board, np.zeros((48, 64), np.uint16))


def test_a_picture_becomes_light_for_every_pixel(tmp_path):
    picture = np.full((96, 128), 1.0)
    picture[:, 64:] = 100.0
    np.save(tmp_path / "two.npy", picture)
    words = scene_words(CONFIG, str(tmp_path / "two.npy")).astype(int)
    light = (words & 0x7FF) * 2.0 ** (words >> 11 & 15)
    assert light.shape == (48, 64)
    assert light[:, 40:].mean() / light[:, :24].mean() == pytest.approx(100, rel=0.01)


def test_words_are_taken_as_they_are_and_refused_in_a_wrong_number(tmp_path, seed):
    words = np.random.default_rng(seed).integers(1 << 16, size=(48, 64)).astype(np.uint16)
    np.save(tmp_path / "words.npy", words)
    assert (scene_words(CONFIG, str(tmp_path / "words.npy")) == words).all()
    np.save(tmp_path / "large.npy", np.zeros((480, 640), np.uint16))
    with pytest.raises(UserError, match="480x640, but the sensor has 48 rows of 64 pixels"):
        scene_words(CONFIG, str(tmp_path / "large.npy"))


def damaged(path):
    np.save(path, np.zeros((48, 64), np.uint16))
    path.write_bytes(path.read_bytes()[:200])


def of_objects(path):
    np.save(path, np.array([{"rows": 48}, None]), allow_pickle=True)


def of_several(path):
    with path.open("wb") as file:
        np.savez(file, words=np.zeros((48, 64), np.uint16))


@pytest.mark.parametrize("write", [damaged, of_objects, of_several, Path.touch,
                                   lambda path: np.save(path, np.full((48, 64), "light"))])
def test_a_file_without_an_array_of_numbers_is_one_sentence_and_leaves_the_board_alone(
        tmp_path, write):
    write(tmp_path / "words.npy")
    pretended = PretendedBoard()
    before = dict(pretended.memory)
    for verb in (["scene"], ["test", "--scene"]):
        result = CliRunner().invoke(app, [
            "board", *verb, str(tmp_path / "words.npy"), "--port", pretended.port])
        assert result.exit_code == 2, result.exception
        assert pretended.memory == before
        assert "tapetum: cannot use scene " in result.stderr
        assert result.stderr.count("\n") == 1


def test_an_unknown_scene_is_refused_with_those_that_there_are():
    with pytest.raises(UserError, match="no scene of that name; choose one of tunnel"):
        scene_words(CONFIG, "moon")
