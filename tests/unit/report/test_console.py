# SPDX-License-Identifier: Apache-2.0
"""What a run tells on the terminal."""

from pathlib import Path

import pytest

from tapetum_sim.report.console import StageProgress, print_summary


@pytest.fixture
def summary():
    return {
        "mismatches": 0, "pixels_compared": 1000, "dropped_frames": 0, "notices": [],
        "boundaries": [{"name": "hdr", "compared": 9, "mismatches": 0, "first": ""}],
        "frame_outcomes": [{"frame": 0, "outcome": "complete", "start_s": 0.0}],
        "csi2": {"packets": 3, "bytes": 12, "ecc_errors": 0, "crc_errors": 0, "frame_crcs": 1,
                 "frame_crc_errors": 0,
                 "sequence_errors": []},
        "npu": {"verdict": None, "cycles": None, "decision_latency_us": None, "verdicts": None},
        "faults": [], "wall_s": 1.0, "walls_s": {"build": 0.5, "simulation": 0.5},
    }


def told(capsys, summary):
    print_summary(summary, Path("out"))
    return " ".join(capsys.readouterr().out.split())


def test_a_good_run(capsys, summary):
    text = told(capsys, summary)
    assert "0 of 1,000 values differ" in text
    assert "frame 0 complete" in text
    assert "faults none" in text
    assert "out/report.html" in text


def test_what_the_array_says_of_each_frame(capsys, summary):
    summary["npu"]["verdicts"] = [
        {"frame": 0, "verdict": "clear", "flags": ["valid"]},
        {"frame": 1, "verdict": None, "flags": ["late"]}]
    text = told(capsys, summary)
    assert "verdict 0 clear" in text
    assert "verdict 1 late" in text


def test_a_spoilt_run_names_the_room_the_frame_and_the_fault(capsys, summary):
    summary |= {"mismatches": 5, "faults": ["row_mismatch"],
                "notices": ["scene.npy: resampled from 3x5."]}
    summary["boundaries"][0] |= {"mismatches": 5, "first": "frame 0 row 3"}
    summary["frame_outcomes"][0]["outcome"] = "missing on virtual channel 0"
    text = told(capsys, summary)
    for part in ("5 of 1,000", "hdr: 5, first frame 0 row 3", "missing on virtual channel 0",
                 "row_mismatch", "resampled from 3x5"):
        assert part in text, part


def test_stages_are_lines_of_text_without_a_terminal(capsys):
    with StageProgress() as progress:
        progress("building")
        progress("simulating: 1 ramp", 1, 2)
        progress("simulating: 2 ramps", 2, 2)
    assert capsys.readouterr().err.splitlines() == ["tapetum: building", "tapetum: simulating"]
