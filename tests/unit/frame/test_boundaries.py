# SPDX-License-Identifier: Apache-2.0
"""Rows, bytes and values held against each other: every difference is counted once and named."""

from dataclasses import replace

import numpy as np
import pytest

from tapetum_sim.frame.boundaries import compare_packets, compare_rows, compare_values
from tapetum_sim.frame.recordings import Row
from tapetum_sim.models.csi2 import long_packet, short_packet


def row(number=0, *, frame=0, capture=0, kind=0, values=(1, 2, 3, 4), **marks):
    return Row(key=(frame, capture, kind, number), values=np.array(values, np.uint16),
               marks={"array_row": number, "frame_last": False} | marks)


def rows(count=4):
    return [row(number, clipped=np.zeros(4, bool)) for number in range(count)]


def test_equal_rows_have_no_mismatch():
    boundary = compare_rows("hdr", rows(), rows())
    assert (boundary.compared, boundary.mismatches, boundary.first) == (16, 0, "")


def test_a_wrong_value_is_one_mismatch():
    received = rows()
    received[2].values[1] = 77
    boundary = compare_rows("hdr", rows(), received)
    assert boundary.mismatches == 1
    assert boundary.first == "frame 0 capture 0 active row 2, column 1: 77 instead of 2"


def test_a_wrong_flag_of_a_pixel_is_one_mismatch_even_where_its_value_is_wrong_too():
    received = rows()
    received[1].marks["clipped"] = np.array([False, False, False, True])
    received[1].values[3] = 5
    assert compare_rows("hdr", rows(), received).mismatches == 1


@pytest.mark.parametrize("change, reason", [
    ({"marks": {"array_row": 9, "frame_last": False}}, "array_row is 9 instead of 0"),
    ({"marks": {"array_row": 0, "frame_last": True}}, "frame_last is True instead of False"),
    ({"key": (0, 0, 1, 0)}, "frame 0 capture 0 optical-black row 0 of 4 instead of "
                            "frame 0 capture 0 active row 0 of 4"),
])
def test_a_wrong_mark_of_a_row_counts_the_whole_row(change, reason):
    boundary = compare_rows("adc", [row()], [replace(row(), **change)])
    assert boundary.mismatches == 4
    assert reason in boundary.first


@pytest.mark.parametrize("expected, received, reason", [
    (rows(4), rows(3), "row 3 is missing"),
    (rows(3), rows(4), "row 3 is too much"),
    ([row(values=(1, 2, 3, 4))], [row(values=(1, 2))], "of 2 instead of"),
    (rows(1), [], "row 0 is missing"),
])
def test_rows_that_only_one_side_has_count_whole(expected, received, reason):
    boundary = compare_rows("adc", expected, received)
    assert boundary.mismatches == 4
    assert reason in boundary.first


START, ROW, END = short_packet(0, 0, 1), long_packet(0, 0x2C, b"abc"), short_packet(0, 1, 1)
MAP = long_packet(1, 0x30, b"xy")


@pytest.mark.parametrize("received, mismatches, reason", [
    (START + ROW + END + MAP, 0, ""),
    (MAP + START + ROW + END, 0, ""),
    (START + ROW.replace(b"b", b"x") + MAP + END, 1,
     "virtual channel 0, byte 9: 0x78 instead of 0x62"),
    (START + END + MAP, len(ROW), "virtual channel 0, byte 4"),
    (START + ROW + MAP, len(END), "virtual channel 0: 13 bytes instead of 17"),
    (START + ROW + END, len(MAP), "virtual channel 1: 0 bytes instead of 8"),
    (START + ROW + END + MAP + MAP[:3], 3, "virtual channel 1: 11 bytes instead of 8"),
    (START + ROW + END + MAP + short_packet(3, 0, 1), 4, "virtual channel 3: 4 bytes"),
    (START + MAP + bytes([ROW[0] ^ 0x80]) + ROW[1:] + END, 9 + 9, "virtual channel 0"),
])
def test_packets_are_compared_within_their_virtual_channel(received, mismatches, reason):
    boundary = compare_packets("csi2", START + ROW + MAP + END, received)
    assert boundary.mismatches >= mismatches > 0 if reason else boundary.mismatches == 0
    assert boundary.compared >= len(START + ROW + END + MAP)
    assert boundary.first.startswith(reason) if reason else boundary.first == ""


def test_values():
    boundary = compare_values("settings", [1, 2, 3], [1, 5])
    assert (boundary.compared, boundary.mismatches) == (3, 2)
    assert boundary.first == "number 1: 5 instead of 2"
