# SPDX-License-Identifier: Apache-2.0
"""What a run leaves in its folder, read back by other means than those that wrote it."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from support.die_runs import build_once, make_request
from tapetum.compand.tables import OCTAVES_12, OX03C10, CompandingTable
from tapetum.csi2.bottom_rows import bottom_rows
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.frame import run as run_module
from tapetum_sim.pixel_die import PixelDie
from tapetum_sim.report.write import write_report
from tapetum_sim.scenes import load_scene
from tapetum_sim.simulator import CycleLimitError


def through(table: CompandingTable, linear: np.ndarray) -> np.ndarray:
    """Apply the table's published segments to one pixel after the other."""
    def code(value: int) -> int:
        segment = next(s for s in reversed(table.segments) if s.start_x <= value)
        rise = (value - segment.start_x) * segment.step >> segment.width_log2
        return min(segment.start_y + rise, (1 << table.output_bits) - 1)

    return np.array([code(int(value)) for value in linear.reshape(-1)]).reshape(linear.shape)


@pytest.mark.parametrize("table", [OCTAVES_12, OX03C10], ids=lambda table: table.name)
def test_the_packets_hold_the_linear_frames_through_the_companding_table(run, tmp_path, table):
    record = run(registers={"companding_table": int(table is OX03C10)})
    write_report(record, tmp_path / "report")
    linear = np.load(tmp_path / "report" / "linear.npy")
    decoded = decode((tmp_path / "report" / "packets.bin").read_bytes(), rows=16)
    assert decoded.sequence_errors == []
    assert len(linear) == 2
    assert len(np.unique(linear)) > 100
    received = np.array([frame.pixels for frame in decoded.of_channel(0)])
    assert (received == through(table, linear)).all()


def test_a_finished_run_leaves_a_complete_report(finished, tmp_path):
    request, _, record = finished
    summary = write_report(record, tmp_path)
    below = len(bottom_rows(request.config))
    assert json.loads((tmp_path / "report.json").read_text()) == json.loads(json.dumps(summary))
    assert (summary["mismatches"], summary["dropped_frames"], summary["frames"]) == (0, 0, 2)
    assert summary["csi2"]["packets"] == 2 * (2 + 1 + 16 + below) + 2 * (2 + 16)
    assert summary["seed"] == request.seed
    assert np.load(tmp_path / "captures.npy").shape == (2, 4, 16, 32)
    pictures = {path.stem for path in tmp_path.glob("*.png")}
    assert {"scene", "combined", "error", *(c.name for c in record.config.captures)} <= pictures
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:image/png;base64,") >= len(pictures)
    assert "data:image/svg+xml;base64," in page
    assert re.findall(r"""(?:src|href)\s*=\s*["']?(?!data:|#)[^"'>\s]+""", page) == []


def test_a_spoilt_run_is_reported_as_such(finished, tmp_path):
    request, recordings, _ = finished
    spoilt = run_module.compare(request, replace(
        recordings, packet_bytes=recordings.packet_bytes[:len(recordings.packet_bytes) * 3 // 4]))
    summary = write_report(spoilt, tmp_path)
    assert summary["mismatches"] > 0
    assert summary["dropped_frames"] == 1
    page = (tmp_path / "report.html").read_text()
    assert summary["frame_outcomes"][1]["outcome"] in page


def test_a_scene_of_another_size_is_said_to_be_resampled(finished, tmp_path):
    request, recordings, _ = finished
    np.save(tmp_path / "large.npy", np.random.default_rng(1).uniform(1, 100, (99, 130)))
    scene = load_scene(request.config, tmp_path / "large.npy")
    other = replace(request, pixel_die=PixelDie(request.config, scene))
    summary = write_report(run_module.compare(other, recordings), tmp_path)
    assert any("resampled" in notice and "130x" in notice for notice in summary["notices"])
    assert "resampled" in (tmp_path / "report.html").read_text()


def test_a_run_that_does_not_end_is_stopped_and_says_where_it_stood(die, tmp_path):
    """Frames that never come, since nothing triggers them."""
    build_once(die)
    request = make_request(die, tmp_path, registers={"trigger_mode": 1})
    with pytest.raises(CycleLimitError, match=r"sync") as stopped:
        run_module.run_die(request, tmp_path)
    assert re.search(r"\d+ cycles", str(stopped.value))
