# SPDX-License-Identifier: Apache-2.0
"""A line that does not answer ends in a sentence, whatever it does instead."""

import os
import threading
import time

import pytest

from support.pretended_board import PretendedBoard
from tapetum_boards.host.serial_link import SerialLink, encode_packet
from tapetum_sim.errors import UserError


class TalkingBoard(PretendedBoard):
    """Never answers, but sends rows all the time, as a row camera does."""

    def __init__(self):
        super().__init__()
        self.ends = False
        threading.Thread(target=self.talk, daemon=True).start()

    def answer(self, packet):
        pass

    def talk(self):
        while not self.ends:
            os.write(self.terminal, encode_packet(bytes(range(1, 60))))
            time.sleep(0.002)


class LeavingBoard(PretendedBoard):
    """Its cable is pulled amid the first question."""

    def serve(self):
        os.read(self.terminal, 1)
        os.close(self.other)
        os.close(self.terminal)


def test_a_line_that_talks_of_something_else_is_not_heard_for_ever():
    board = TalkingBoard()
    link, began = SerialLink(board.port, answer_s=0.02), time.monotonic()
    with pytest.raises(UserError, match="nothing answers"):
        link.read(0, 4)
    board.ends = True
    assert time.monotonic() - began < 10


def test_a_port_belongs_to_one_program():
    board = PretendedBoard()
    first = SerialLink(board.port, answer_s=1.0)
    with pytest.raises(UserError, match="end the program that uses it"):
        SerialLink(board.port)
    first.write(0x40, b"abcd")
    assert first.read(0x40, 4) == b"abcd"
    first.close()
    SerialLink(board.port).close()


def test_a_board_that_goes_away_amid_a_question_is_told():
    link = SerialLink(LeavingBoard().port, answer_s=0.5)
    with pytest.raises(UserError, match="went away; plug it in"):
        link.read(0, 4)
