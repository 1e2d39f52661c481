# SPDX-License-Identifier: Apache-2.0
"""The real host program against the real gateware, over a serial port."""

import pytest

from tapetum_boards.configurations import with_board_timing
from tapetum_boards.host.board import Board
from tapetum_boards.host.self_test import run_self_test
from tapetum_boards.host.serial_link import SerialLink
from tapetum_boards.link.board_bus import MEMORY
from tapetum_boards.simulation.run import simulated_board
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.errors import UserError


def test_a_board_is_set_up_streams_and_gives_a_frame(tmp_path, seed):
    config = with_board_timing("tiny")
    with simulated_board(config, tmp_path) as port:
        link = SerialLink(str(port), answer_s=10)
        board = Board(link, config)
        board.set(noise_freeze=1, noise_seed=seed)
        assert board.get("noise_seed") == seed
        assert board.read("frame_length_lines") == config.timing.frame_length_lines
        data = bytes(range(256)) * 3
        link.write(MEMORY + 0x100, data)
        assert link.read(MEMORY + 0x100, len(data)) == data
        with pytest.raises(UserError, match="nothing at address"):
            link.read(0x0001_7000, 1)
        board.write({"mode_select": 1})
        packets = board.capture(wait_s=300)
        outcome = run_self_test(board, wait_s=300)
        link.close()
    decoded = decode(packets)
    assert decoded.crc_errors == decoded.ecc_errors == 0
    frame = decoded.frames[0]
    assert frame.pixels.shape == (config.array.rows, config.array.columns)
    assert len(set(frame.pixels.ravel().tolist())) > 30
    assert outcome.passed, outcome
    assert outcome.pixels_compared == frame.pixels.size
