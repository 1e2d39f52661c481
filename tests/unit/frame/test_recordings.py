# SPDX-License-Identifier: Apache-2.0
"""Beats to rows."""

import numpy as np

from tapetum.pixel import LinearPixels
from tapetum_sim.frame.recordings import split_rows
from tapetum_sim.simulator import unpack

SHAPE = LinearPixels(2)


def beats(rows, *, beats_per_row=3, frame_last_row=None):
    """A recording of rows with two pixels in each beat, counted through."""
    words = []
    for number in range(rows):
        for beat in range(beats_per_row):
            last = beat == beats_per_row - 1
            bits = SHAPE.const({
                "values": [10 * number + 2 * beat, 10 * number + 2 * beat + 1],
                "clipped": 0b10 if beat == 1 else 0, "line_last": last,
                "frame_last": last and number == frame_last_row,
                "tag": {"frame": 3, "row": number, "array_row": number + 4},
            }).as_bits()
            words.append([bits >> 32 * word & 0xFFFFFFFF for word in range(-(-SHAPE.size // 32))])
    return unpack(np.array(words, np.uint32), SHAPE)


def test_rows_end_with_their_last_beat():
    first, second = split_rows(beats(2, frame_last_row=1))
    assert first.key[0] == 3
    assert [first.key[3], second.key[3]] == [0, 1]
    assert second.values.tolist() == [10, 11, 12, 13, 14, 15]
    assert first.marks["clipped"].tolist() == [False, False, False, True, False, False]
    assert [row.marks["frame_last"] for row in (first, second)] == [False, True]
    assert [row.marks["array_row"] for row in (first, second)] == [4, 5]


def test_a_row_that_was_cut_off_stays_visible():
    *_, last = split_rows(beats(2)[:-1])
    assert last.values.size == 4
    assert not last.marks["complete"]


def test_a_tag_that_changes_within_a_row_is_noticed():
    recorded = beats(1)
    recorded["tag"]["row"][1] = 7
    assert not split_rows(recorded)[0].marks["one_tag"]


def test_a_frame_end_in_the_middle_of_a_row_is_noticed():
    recorded = beats(1, frame_last_row=0)
    recorded["frame_last"][0] = True
    assert not split_rows(recorded)[0].marks["frame_last"]


def test_nothing_recorded_is_no_row():
    assert split_rows(beats(1)[:0]) == []
