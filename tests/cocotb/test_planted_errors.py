# SPDX-License-Identifier: Apache-2.0
"""The comparison itself: an error planted into what was recorded is found, counted and named."""

from copy import deepcopy
from dataclasses import replace

import pytest

from support.die_runs import assert_exact
from tapetum.csi2.bottom_rows import bottom_rows
from tapetum_sim.frame.compare import compare

BOUNDARIES = ("settings", "readout", "adc", "correct", "hdr", "output", "csi2")


def mismatches(record):
    return {boundary.name: boundary.mismatches for boundary in record.boundaries
            if boundary.mismatches}


def first(record, name):
    return next(boundary.first for boundary in record.boundaries if boundary.name == name)


def test_a_good_run_is_exact(finished):
    _, _, record = finished
    assert_exact(record, frames=2)
    assert tuple(boundary.name for boundary in record.boundaries) == BOUNDARIES


@pytest.mark.parametrize("name", ["adc", "correct", "hdr", "output"])
def test_one_flipped_bit_of_a_pixel_is_counted_once(finished, name):
    request, recordings, _ = finished
    rows = deepcopy(getattr(recordings, name))
    rows[7].values[3] ^= 4
    spoilt = compare(request, replace(recordings, **{name: rows}))
    assert mismatches(spoilt) == {name: 1}
    assert "column 3:" in first(spoilt, name)


def test_one_flipped_bit_of_the_link_is_counted_once(finished):
    request, recordings, _ = finished
    sent = bytearray(recordings.packet_bytes)
    place = 80  # in the first row of pixels
    sent[place] ^= 0x10
    spoilt = compare(request, replace(recordings, packet_bytes=bytes(sent)))
    assert mismatches(spoilt) == {"csi2": 1}
    assert spoilt.crc_errors == 1
    assert first(spoilt, "csi2").startswith("virtual channel 0, byte ")


def test_one_flipped_bit_of_a_setting_is_counted(finished):
    request, recordings, _ = finished
    adoptions = recordings.adoptions.copy()
    adoptions["settings"]["pedestal_lsb"][1] ^= 1
    assert mismatches(compare(request, replace(recordings, adoptions=adoptions))) == {"settings": 1}


def test_an_exposure_that_is_a_cycle_longer_is_counted(finished):
    request, recordings, _ = finished
    requests = recordings.requests.copy()
    requests["exposure_start_cycles"][-1] -= 1
    assert mismatches(compare(request, replace(recordings, requests=requests))) == {"readout": 1}


def test_one_flipped_flag_is_counted(finished):
    request, recordings, _ = finished
    rows = deepcopy(recordings.hdr)
    rows[2].marks["clipped"][5] ^= True
    assert mismatches(compare(request, replace(recordings, hdr=rows))) == {"hdr": 1}


@pytest.mark.parametrize("name, width", [("adc", 36), ("correct", 32), ("hdr", 32),
                                         ("output", 32)])
def test_a_row_that_never_came_is_counted_and_named(finished, name, width):
    request, recordings, _ = finished
    rows = list(getattr(recordings, name))
    lost = rows.pop()
    spoilt = compare(request, replace(recordings, **{name: rows}))
    assert mismatches(spoilt) == {name: width}
    frame, capture, _, number = lost.key
    assert first(spoilt, name) == f"frame {frame} capture {capture} active row {number} is missing"


@pytest.mark.parametrize("name, width", [("adc", 36), ("correct", 32), ("hdr", 32),
                                         ("output", 32)])
def test_swapped_tags_are_counted(finished, name, width):
    request, recordings, _ = finished
    rows = list(getattr(recordings, name))
    other = next(place for place, row in enumerate(rows)
                 if place > 4 and row.key[1] == rows[4].key[1])
    rows[4], rows[other] = (replace(rows[4], key=rows[other].key, marks=rows[other].marks),
                            replace(rows[other], key=rows[4].key, marks=rows[4].marks))
    assert mismatches(compare(request, replace(recordings, **{name: rows}))) == {name: 2 * width}


def test_a_row_that_is_missing_on_the_link_makes_its_frame_incomplete(finished):
    request, recordings, _ = finished
    sent = recordings.packet_bytes
    row_bytes = 4 + 32 * 3 // 2 + 2
    end = 4 + len(bottom_rows(request.config)) * row_bytes
    spoilt = compare(request, replace(recordings, packet_bytes=sent[:-end - row_bytes]
                                      + sent[-end:]))
    assert mismatches(spoilt)["csi2"] >= row_bytes
    assert [frame.outcome for frame in spoilt.frames] == [
        "complete", "15 of 16 rows on virtual channel 0"]
    assert spoilt.dropped_frames == 1


def test_a_frame_that_is_missing_on_the_link_is_reported_as_missing(finished):
    request, recordings, _ = finished
    sent = recordings.packet_bytes
    spoilt = compare(request, replace(recordings, packet_bytes=sent[:len(sent) // 2]))
    assert mismatches(spoilt) == {"csi2": len(sent) // 2}
    assert [frame.outcome for frame in spoilt.frames] == [
        "complete", "missing on virtual channel 0"]


def test_a_row_that_the_link_reports_as_lost_but_sends_is_counted(finished):
    request, recordings, _ = finished
    spoilt = compare(request, replace(recordings, lost_rows=frozenset({3})))
    assert set(mismatches(spoilt)) == {"csi2"}


def test_a_trip_code_runs_through_every_model(finished):
    """The models start from the trip codes alone: another code, another frame expected."""
    request, recordings, _ = finished
    trips = recordings.trips.copy()
    signal = [index for index, ramp in enumerate(recordings.requests)
              if ramp["command"]["kind"] == 1 and ramp["command"]["tag"]["row_kind"] == 0
              and ramp["command"]["tag"]["capture"] == 1]
    trips[signal[5]] ^= 0x40
    assert {"adc", "correct"} <= set(mismatches(compare(request,
                                                        replace(recordings, trips=trips))))
