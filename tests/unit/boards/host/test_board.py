# SPDX-License-Identifier: Apache-2.0
"""A board says what it was built for, and what is not known is said in a sentence."""

from dataclasses import replace

import pytest

from support.pretended_board import CONFIG, PretendedBoard
from tapetum_boards.configurations import BOARD_PRESETS, with_board_timing, with_cells
from tapetum_boards.host.board import Board
from tapetum_boards.host.serial_link import SerialLink
from tapetum_boards.link.board_bus import BOARD_REGISTERS
from tapetum_sim.errors import UserError


def connected(pretended):
    return Board(SerialLink(pretended.port, answer_s=0.2))


@pytest.mark.parametrize("cells", [0, 2, 8])
@pytest.mark.parametrize("name", BOARD_PRESETS)
def test_a_board_is_known_by_what_it_says_of_itself(name, cells):
    config = with_cells(with_board_timing(name), cells)
    board = connected(PretendedBoard(config=config))
    assert board.config == config
    assert board.get("picture_capture") == board.own_registers["picture_capture"].reset


def test_no_two_presets_say_the_same():
    said = {(config.array.columns, config.array.rows, len(config.captures))
            for config in map(with_board_timing, BOARD_PRESETS)}
    assert len(said) == len(BOARD_PRESETS)


@pytest.mark.parametrize("config, said", [
    (replace(CONFIG, array=replace(CONFIG.array, rows=40)),
     "64x40 pixels and 4 captures at 30 MHz"),
    (replace(CONFIG, sync_clock_hz=31e6), "64x48 pixels and 4 captures at 31 MHz")])
def test_a_board_of_another_design_is_refused(config, said):
    with pytest.raises(UserError, match=f"built for {said}, which this revision does not know"):
        connected(PretendedBoard(config=config))


def test_what_is_no_board_of_this_revision_is_refused():
    pretended = PretendedBoard()
    pretended.memory[BOARD_REGISTERS + 3] ^= 1
    with pytest.raises(UserError, match="no board of this revision; build its bitstream again"):
        connected(pretended)
