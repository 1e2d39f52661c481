# SPDX-License-Identifier: Apache-2.0
"""What a user gets wrong with ``tapetum board`` is one sentence and exit code 2."""

import pytest
from typer.testing import CliRunner

from support.pretended_board import CONFIG, PretendedBoard
from tapetum_boards.link.board_bus import BOARD_REGISTERS, DIE_REGISTERS, MEMORY
from tapetum_boards.registers.table import board_registers
from tapetum_sim.cli import app
from tapetum_sim.host import RegisterMap

OWN = {register.name: BOARD_REGISTERS + register.address for register in board_registers(CONFIG)}
MODE_SELECT = DIE_REGISTERS + RegisterMap(CONFIG)["mode_select"].address


class WrittenBoard(PretendedBoard):
    """Keeps what was written, in order: ``(address, byte)``."""

    def __init__(self):
        self.written = []
        super().__init__()

    def write(self, address, byte):
        self.written.append((address, byte))
        super().write(address, byte)


def call(pretended, *arguments):
    return CliRunner().invoke(app, ["board", *arguments, "--port", pretended.port])


def sentence(result):
    assert result.exit_code == 2, result.exception
    assert result.stderr.startswith("tapetum: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize("arguments", [("build", "ulx3s_85f"), ("simulate",)])
@pytest.mark.parametrize("preset", ["vga", "nothing"])
def test_a_preset_that_no_board_has_is_one_sentence(arguments, preset, tmp_path):
    result = CliRunner().invoke(app, ["board", *arguments, "--preset", preset,
                                      "--out", str(tmp_path)])
    assert f"{preset!r}; choose one of tiny, qvga, tiny3" in sentence(result)


def test_more_points_than_a_sweep_has_codes_are_one_sentence():
    assert "8 to 1000 points, not 1001" in sentence(
        call(WrittenBoard(), "analogue", "--points", "1001"))


def test_an_unknown_register_is_one_sentence():
    result = call(WrittenBoard(), "get", "scene", "fault_statu")
    assert "no register 'fault_statu'; perhaps fault_status" in sentence(result)
    assert result.stdout == "", "half of an answer"


@pytest.mark.parametrize("wrong, said", [
    ("nope=1", "no register 'nope'"), ("=1", "no register ''"),
    ("mode_select=300", "mode_select holds 0 to 1, not 300"), ("mode_select=-1", "not -1"),
    ("frame_count=1", "frame_count is read-only"), ("scene=4", "takes 0 to 3, not 4"),
    ("scene=-1", "takes 0 to 3, not -1"), ("sync_clock=1", "it can only be read"),
    ("capture_place=8", "a multiple of 16 below the uploaded scene at 0x100000, not 0x8"),
    ("capture_place=0xFFFFFFF0", "not 0xfffffff0"),
    ("scene=two", "no NAME=VALUE"), ("scene", "no NAME=VALUE")])
def test_nothing_is_written_if_one_of_several_is_wrong(wrong, said):
    pretended = WrittenBoard()
    assert said in sentence(call(pretended, "set", "scene=1", "mode_select=1", wrong))
    assert pretended.written == []


def test_registers_are_written_in_the_order_given_and_as_often():
    pretended = WrittenBoard()
    result = call(pretended, "set", "mode_select=0", "scene=2", "mode_select=0x1", "scene=1")
    assert result.exit_code == 0, result.exception
    assert pretended.written == [(MODE_SELECT, 0), (OWN["scene"], 2), (MODE_SELECT, 1),
                                 (OWN["scene"], 1)]
    result = call(pretended, "get", "mode_select", "scene")
    assert result.stdout == "mode_select = 1\nscene = 1\n"


@pytest.mark.parametrize("packets", [b"", bytes(range(64))])
def test_a_capture_without_a_frame_is_one_sentence(tmp_path, packets):
    pretended = WrittenBoard()
    pretended.memory |= dict(enumerate(len(packets).to_bytes(4, "big"), OWN["capture_bytes"]))
    place = int.from_bytes(bytes(pretended.memory[OWN["capture_place"] + byte]
                                 for byte in range(4)), "big")
    pretended.memory |= dict(enumerate(packets, MEMORY + place))
    pretended.write = lambda address, byte: None  # the capture is over at once
    result = call(pretended, "capture", "--out", str(tmp_path))
    assert "there is no frame in what was captured" in sentence(result)
    assert (tmp_path / "packets.bin").exists(), "for whoever looks for the reason"
