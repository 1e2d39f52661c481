# SPDX-License-Identifier: Apache-2.0
"""Programs reach the array as often as it takes, and in whole."""

from importlib.resources import files
from pathlib import Path

import pytest

from support.pretended_board import CONFIG, PretendedBoard
from tapetum.npu.program_image import program_image
from tapetum_boards.configurations import with_cells
from tapetum_boards.host.board import Board
from tapetum_boards.host.network_upload import read_network, upload_network
from tapetum_boards.host.serial_link import SerialLink
from tapetum_boards.link.board_bus import PICTURE_TABLES
from tapetum_boards.picture.font import caption_bytes
from tapetum_boards.whole_die import BOARD_CELLS
from tapetum_sim.errors import UserError
from tapetum_sim.host import RegisterMap

NETWORK = Path(str(files("tapetum_compiler").joinpath("models/tunnel.tapetum")))
MAP = RegisterMap(CONFIG)


class ArrayBoard(PretendedBoard):
    """Appends to its program as the array does, and loads what it is told to."""

    def __init__(self, spoil=lambda number: False, *, refuses=False, cells=BOARD_CELLS,
                 loses=lambda number: False, drops=None):
        self.program, self.refuses, self.loses, self.drops = b"", refuses, loses, drops
        self.beginnings = self.packets = 0
        super().__init__(spoil, config=with_cells(CONFIG, cells))

    def answer(self, packet):
        self.packets += 1
        if not self.loses(self.packets):
            super().answer(packet)

    def write(self, address, byte):
        window = MAP.windows["program"]
        control = MAP["program_control"].address
        if window.address <= address < window.address + window.size_bytes:
            if len(self.program) != self.drops:
                self.program += bytes([byte])
        elif address == control:
            if byte == 1:
                self.program, self.beginnings = b"", self.beginnings + 1
            else:
                self.memory[MAP["program_status"].address] = 2 if self.refuses else 1
        else:
            super().write(address, byte)
        count = MAP["program_bytes"]
        self.memory |= dict(zip(count.addresses, len(self.program).to_bytes(4, "big"),
                                strict=True))


def connected(pretended):
    return Board(SerialLink(pretended.port, answer_s=0.05))


def test_a_board_whose_die_has_no_array_takes_no_network():
    board = connected(ArrayBoard(cells=0))
    assert board.config.npu is None
    with pytest.raises(UserError, match="the die on this board has no array"):
        read_network(board, NETWORK)


def test_a_program_arrives_and_every_frame_is_judged():
    pretended = ArrayBoard()
    board, steps = connected(pretended), []
    program = read_network(board, NETWORK)
    upload_network(board, program, lambda done, total: steps.append((done, total)))
    assert pretended.program == program_image(program)
    assert board.read("verdict") == 1
    assert board.read("vision_rows") == program.input_shape[0]
    assert steps[-1][0] == steps[-1][1] == len(pretended.program)
    names = program.class_names or ("class 0",)
    assert bytes(pretended.memory[PICTURE_TABLES + place] for place in range(16)) \
        == caption_bytes(names[0])


def test_answers_that_are_lost_cost_no_second_sending_of_what_arrived():
    pretended = ArrayBoard(lambda number: number > 5 and number % 3 == 0)
    board = connected(pretended)
    program = read_network(board, NETWORK)
    upload_network(board, program)
    assert pretended.program == program_image(program)
    assert pretended.beginnings <= 2, "the answer to that may have been lost as well"


def test_packets_that_are_lost_are_sent_again():
    pretended = ArrayBoard(loses=lambda number: number % 5 == 2)
    board = connected(pretended)
    program = read_network(board, NETWORK)
    upload_network(board, program)
    assert pretended.program == program_image(program)
    assert pretended.beginnings == 1


def test_a_program_that_never_arrives_whole_is_told():
    pretended = ArrayBoard(drops=1000)
    board = connected(pretended)
    with pytest.raises(UserError, match="does not arrive whole"):
        upload_network(board, read_network(board, NETWORK))


def test_a_refused_program_is_told():
    board = connected(ArrayBoard(refuses=True))
    with pytest.raises(UserError, match="the array refused the program"):
        upload_network(board, read_network(board, NETWORK))


def test_a_file_that_is_no_program_is_refused(tmp_path):
    path = tmp_path / "picture.tapetum"
    path.write_bytes(b"no program")
    board = connected(ArrayBoard())
    with pytest.raises(UserError, match=r"picture\.tapetum cannot be used"):
        read_network(board, path)
