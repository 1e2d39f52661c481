# SPDX-License-Identifier: Apache-2.0
"""What the die counts, as a human sees it."""

from io import StringIO

import pytest
from rich.console import Console

from support.pretended_board import PretendedBoard
from tapetum.control.faults import Fault
from tapetum_boards.host.board import Board
from tapetum_boards.host.serial_link import SerialLink
from tapetum_boards.host.statistics import read_statistics, show_statistics

BINS = 32


def test_counts_of_all_zones_are_added_up_and_shown():
    pretended = PretendedBoard()
    board = Board(SerialLink(pretended.port, answer_s=0.2))

    def put(name, value):
        register = board.die_map[name]
        pretended.memory |= dict(zip(register.addresses, value.to_bytes(
            register.width_bytes, "big"), strict=True))

    window = board.die_map.windows["histogram"]
    for place, count in ((0, 5), (BINS + 21, 90), (BINS * 15 + BINS - 1, 5),
                         (BINS * 16 + 3, 7)):
        start = window.address + 4 * place
        pretended.memory |= dict(enumerate(count.to_bytes(4, "big"), start))
    put("frame_number", 77)
    put("temperature", 0x10000 - 40 * 256)
    put("capture_2_corrected_defects", 12)
    put("verdict_class", 255)
    put("fault_status", 1 << Fault.DEAD_ROW | 1 << Fault.COLUMN_LIMIT)
    found = read_statistics(board)
    assert found.frame == 77
    assert found.histograms.shape == (4, BINS)
    assert found.histograms[0, [0, 21, BINS - 1]].tolist() == [5, 90, 5]
    assert found.histograms[1].sum() == 7
    assert found.saturated(0) == pytest.approx(0.05)
    assert found.median_db(0) == pytest.approx(-30.1, abs=0.1)
    assert found.median_db(3) is None
    assert found.temperature_c == -40
    assert found.corrected == (0, 0, 12, 0)
    assert found.verdict is None
    assert set(found.faults) == {"dead_row", "column_limit"}
    console = Console(record=True, width=120, file=StringIO())
    console.print(show_statistics(board, found))
    text = console.export_text()
    assert all(part in text for part in ("-40.0 °C", "dead_row", "█"))
