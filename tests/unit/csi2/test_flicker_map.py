# SPDX-License-Identifier: Apache-2.0
"""The flicker map arrives bit by bit, whole rows only, however its packets fall between others."""

from dataclasses import replace

import numpy as np
import pytest

from support import TrafficPattern
from tapetum.csi2.bottom_rows import bottom_rows
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.frame.boundaries import compare_packets
from tapetum_sim.models.csi2 import OutputRow, pack_marks, transmit
from unit.csi2.link_bench import Link, lost, marked, random_frame, settings_with, small_die

ROW_CLOCKS = 120
"""More than a row of 32 pixels takes on the link."""


@pytest.fixture
def generator(seed):
    return np.random.default_rng(seed)


def assert_sent(packets: bytes, config, rows, settings) -> None:
    boundary = compare_packets("csi2", transmit(config, rows, settings), packets)
    assert boundary.mismatches == 0, boundary.first


@pytest.mark.parametrize("lanes, byte_lanes", [
    (1, 1), (4, 4), *(pytest.param(*both, marks=pytest.mark.slow)
                      for both in ((1, 4), (2, 2), (4, 1)))])
def test_rows_of_any_width_come_back_as_they_were_marked(lanes, byte_lanes, generator):
    config = small_die(columns=76, lanes=lanes, byte_lanes=byte_lanes)
    widths = (76, 4, 8, 36, 64)
    settings = {frame: settings_with(config) for frame in range(len(widths))}
    rows = [row for frame, columns in enumerate(widths)
            for row in marked(generator, random_frame(generator, frame, rows=2, columns=columns))]
    link = Link(config)
    packets = link.run(rows, settings)
    assert_sent(packets, config, rows, settings)
    assert (link.overflows, link.map_overflows) == (0, 0)
    decoded = decode(packets, rows=2)
    assert (decoded.sequence_errors, decoded.crc_errors) == ([], 0)
    maps = decoded.of_channel(1)
    assert [frame.number for frame in maps] == [1, 2, 3, 4, 5]
    for frame, columns in enumerate(widths):
        marks = np.array([row.marks for row in rows if row.frame == frame])
        assert np.array_equal(maps[frame].marks[:, :columns], marks)
        assert not maps[frame].marks[:, columns:].any(), "what fills up the last byte is zero"


def test_bubbles_and_a_phy_that_stalls_anywhere_change_no_byte(traffic, generator):
    config = small_die(columns=44, lanes=2, byte_lanes=4)
    settings = {frame: settings_with(config) for frame in range(2)}
    rows = [row for frame in range(2)
            for row in marked(generator, random_frame(generator, frame, rows=3, columns=44))]
    link = Link(config, put=traffic.put, phy=traffic.get)
    assert_sent(link.run(rows, settings), config, rows, settings)
    assert (link.overflows, link.map_overflows) == (0, 0)


@pytest.mark.parametrize("byte_clock_hz", [31e6, 257e6])
def test_clocks_may_have_any_ratio(byte_clock_hz, generator):
    config = small_die(lanes=4)
    settings = {32767: settings_with(config)}
    rows = marked(generator, random_frame(generator, 32767, rows=5, columns=32))
    link = Link(config, byte_clock_hz=byte_clock_hz)
    assert_sent(link.run(rows, settings), config, rows, settings)


def test_only_frames_whose_map_is_wanted_have_one(generator):
    config = small_die()
    settings = {frame: settings_with(config, uncombined=frame == 1) for frame in range(4)}
    rows = [row for frame, wanted in enumerate((True, False, False, True)) for row in (
        marked(generator, random_frame(generator, frame, rows=2, columns=32)) if wanted else
        random_frame(generator, frame, rows=2, columns=32, capture=frame == 1))]
    packets = Link(config).run(rows, settings)
    assert_sent(packets, config, rows, settings)
    on_channel_1 = decode(packets).of_channel(1)
    assert [frame.number for frame in on_channel_1] == [1, 2, 4]
    assert [len(frame.marks) for frame in on_channel_1] == [2, 0, 2], "the second is a capture"


def test_a_phy_that_stalls_too_long_costs_whole_rows_and_is_reported(generator):
    """Which rows are lost is timing; that those which are not form a valid link is the promise."""
    config = small_die(line_sync=True)
    settings = {frame: settings_with(config) for frame in range(4)}
    # Each row of the map says which one it is.
    rows = [replace(row, marks=(row.frame * 8 + row.row >> np.arange(32) & 1).astype(bool))
            for frame in range(4) for row in random_frame(generator, frame, rows=4, columns=32)]
    link = Link(config, patient=False, row_pause_cycles=ROW_CLOCKS, expect_all_frames=False,
                phy=TrafficPattern("1" * 500 + "0" * 900 + "1" * 9000))
    packets = link.run(rows, settings)
    decoded = decode(packets)
    assert (decoded.sequence_errors, decoded.crc_errors) == ([], 0)
    kept = {(frame.number - 1, line - 1) for frame in decoded.of_channel(0)
            for line in frame.line_numbers}
    kept_maps = {int(number) for frame in decoded.of_channel(1)
                 for number in frame.marks[:, :8] @ (1 << np.arange(8))}
    rows = lost(rows, {index for index, row in enumerate(rows)
                       if (row.frame, row.row) not in kept})
    rows = [replace(row, marks_stored=row.frame * 8 + row.row in kept_maps) for row in rows]
    assert link.map_overflows == sum(not row.marks_stored for row in rows) > 0
    assert_sent(packets, config, rows, settings)


@pytest.mark.parametrize("lost_rows, next_frame", [
    ({2}, True), pytest.param({0, 2}, True, marks=pytest.mark.slow),
    pytest.param({0, 1, 2}, True, marks=pytest.mark.slow), ({1, 2}, False)])
def test_a_frame_that_lost_rows_still_begins_and_ends(lost_rows, next_frame, generator):
    config = small_die(columns=16)
    settings = {frame: settings_with(config) for frame in (8, 9)}
    rows = [row for frame in ((8, 9) if next_frame else (8,))
            for row in marked(generator, random_frame(generator, frame, rows=3, columns=16))]
    # Rows wider than the array are lost without any stall.
    rows = [replace(row, values=np.zeros(24, np.uint32), marks=np.ones(24, bool), stored=False,
                    marks_stored=False) if index in lost_rows else row
            for index, row in enumerate(rows)]
    link = Link(config, patient=False, row_pause_cycles=400, expect_all_frames=False)
    assert_sent(link.run(rows, settings), config, rows, settings)
    assert link.map_overflows == link.overflows == len(lost_rows)


def test_a_frame_whose_last_row_never_came_ends_when_the_next_begins(generator):
    config = small_die()
    settings = {frame: settings_with(config) for frame in (3, 4)}
    rows = [replace(row, last=row.last and row.frame == 4) for frame in (3, 4)
            for row in marked(generator, random_frame(generator, frame, rows=3, columns=32))]
    packets = Link(config).run(rows, settings)
    assert_sent(packets, config, rows, settings)
    assert [frame.number for frame in decode(packets, rows=3).of_channel(1)] == [4, 5]


def test_the_first_pixel_is_bit_0_of_the_first_byte():
    marks = np.zeros(12, bool)
    marks[[0, 9]] = True
    assert pack_marks(marks) == bytes([0b00000001, 0b00000010])


def test_the_map_of_a_row_follows_the_row_in_the_model():
    config = small_die()
    row = OutputRow(frame=0, row=0, values=np.zeros(32, np.uint32), last=True,
                    marks=np.ones(32, bool))
    types = [packet.data_type for packet in
             decode(transmit(config, [row], {0: settings_with(config)})).packets]
    below = [0x12] * len(bottom_rows(config))
    assert types == [0x00, 0x12, 0x2C, *below, 0x01, 0x00, 0x30, 0x01]
