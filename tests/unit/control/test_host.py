# SPDX-License-Identifier: Apache-2.0
"""A host's helper says what is wrong before the bus does."""

import pytest

from support import expect_rejected
from tapetum.presets import preset
from tapetum_sim.host import RegisterError, RegisterMap

MAP = RegisterMap(preset("tiny"))


def test_values_become_bytes_in_order_and_back():
    assert MAP.write({"frame_length_lines": 0x1234, "mode_select": 1}) == [
        (0x0340, 0x12), (0x0341, 0x34), (0x0100, 1)]
    assert MAP.read("frame_length_lines") == [0x0340, 0x0341]
    assert MAP.decode("frame_length_lines", [0x12, 0x34]) == 0x1234
    assert MAP.fields("image_orientation", 2) == {"horizontal_mirror": 0, "vertical_flip": 1}


def test_a_held_group_is_framed_by_hold_and_release():
    assert MAP.held({"mode_select": 1}) == [(0x0104, 1), (0x0100, 1), (0x0104, 0)]


def test_window_entries_become_bytes():
    assert MAP.write_window("row_events", [0x01020304], first=2) == [
        (0x4008, 1), (0x4009, 2), (0x400A, 3), (0x400B, 4)]


@pytest.mark.parametrize("attempt, culprits", [
    (lambda: MAP.write({"nonsense": 1}), ("nonsense",)),
    (lambda: MAP.write({"integration_time": 1}), ("coarse_integration_time",)),
    (lambda: MAP.write({"frame_count": 1}), ("frame_count", "read-only")),
    (lambda: MAP.write({"mode_select": 2}), ("mode_select", "2")),
    (lambda: MAP.write({"mode_select": -1}), ("mode_select", "-1")),
    (lambda: MAP.decode("frame_count", [1, 2]), ("frame_count", "2")),
    (lambda: MAP.write_window("nonsense", [1]), ("nonsense", "row_events")),
    (lambda: MAP.write_window("row_events", [0] * 33), ("row_events", "32")),
    (lambda: MAP.write_window("row_events", [1 << 32]), ("row_events", "4 bytes")),
])
def test_rejects_what_the_die_does_not_have(attempt, culprits):
    with expect_rejected(*culprits, exception=RegisterError):
        attempt()
