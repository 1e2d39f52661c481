# SPDX-License-Identifier: Apache-2.0
"""The report: every key that other tools rely on, nothing invented, one self-contained page."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from support.small_dies import small_die
from tapetum_sim.frame.exposure_meter import TripRequest
from tapetum_sim.frame.record import Boundary, FrameOutcome, RunRecord
from tapetum_sim.pixel_die import PixelDie
from tapetum_sim.report.write import write_report
from tapetum_sim.scenes import load_scene
from tapetum_sim.simulator import unpack

KEYS = (
    "preset", "scene", "frames", "dropped_frames", "pixels_compared", "mismatches", "cycles",
    "wall_s", "csi2.packets", "csi2.ecc_errors", "csi2.crc_errors", "csi2.frame_crcs",
    "csi2.frame_crc_errors", "hdr.dynamic_range_db",
    "hdr.snr_min_db", "hdr.radiance_error_rms", "hdr.lsb_electrons", "hdr.pedestal_lsb",
    "lfm.detection", "lfm.mmp", "npu.verdict", "npu.cycles", "npu.decision_latency_us", "faults",
)
TO_RUN_IT_AGAIN = ("seed", "options", "versions", "revision")


def look_up(summary, key):
    for step in key.split("."):
        summary = summary[step]
    return summary


@pytest.fixture
def record():
    """A run as it might be, with two differences and a frame that lacks a row."""
    config = small_die()
    generator = np.random.default_rng(1)
    rows, columns = config.array.rows, config.array.columns
    return RunRecord(
        config=config, pixel_die=PixelDie(config, load_scene(config, "chart")),
        scene_name="<chart>", seed=7, options={"registers": {}}, cycles=12345,
        frames=[FrameOutcome(frame=0, outcome="complete", start_s=0.0, settings={}),
                FrameOutcome(frame=1, outcome="15 of 16 rows on virtual channel 0", start_s=0.1,
                             settings={})],
        boundaries=[Boundary(name="adc", compared=100, mismatches=0),
                    Boundary(name="hdr", compared=50, mismatches=2, first="row 3 <is wrong>")],
        faults=["row_buffer_overflow"],
        captures=generator.integers(0, 256, (2, 4, rows, columns), np.uint16),
        linear=generator.integers(0, 1 << 24, (2, rows, columns), np.uint32),
        clipped=np.zeros((2, rows, columns), bool), truth_electrons=np.ones((rows, columns)),
        requests=unpack(np.zeros((0, 5), np.uint32), TripRequest), packets=[],
        packet_starts_s=np.zeros(0), packet_bytes=b"\0\1\2\3", ecc_errors=1, crc_errors=2,
        frame_crcs=2, frame_crc_errors=1,
        sequence_errors=["frame 2 has no end"], notices=["resampled from 3x5 & cropped"])


class References(HTMLParser):
    """Collects whatever a page would fetch."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "link", "iframe", "object", "embed"):
            self.found.append(tag)
        self.found += [value for name, value in attrs
                       if name in ("src", "href", "srcset", "poster", "action", "data")]


def test_the_report_has_every_key_and_null_for_what_was_not_measured(record, tmp_path):
    summary = write_report(record, tmp_path)
    written = json.loads((tmp_path / "report.json").read_text())
    assert written == summary
    values = {key: look_up(written, key) for key in (*KEYS, *TO_RUN_IT_AGAIN)}
    assert values["mismatches"] == 2
    assert values["pixels_compared"] == 150
    assert values["dropped_frames"] == 1
    assert (values["csi2.ecc_errors"], values["csi2.crc_errors"]) == (1, 2)
    assert (values["csi2.frame_crcs"], values["csi2.frame_crc_errors"]) == (2, 1)
    assert values["faults"] == ["row_buffer_overflow"]
    assert values["seed"] == 7
    assert {key for key, value in values.items() if value is None} == {
        "hdr.dynamic_range_db", "hdr.snr_min_db", "hdr.radiance_error_rms", "lfm.detection",
        "lfm.mmp", "npu.verdict", "npu.cycles", "npu.decision_latency_us"}


def test_the_page_fetches_nothing_and_shows_what_went_wrong(record, tmp_path):
    write_report(record, tmp_path)
    page = (tmp_path / "report.html").read_text()
    references = References()
    references.feed(page)
    assert references.found
    assert [r for r in references.found if not r.startswith(("data:", "#"))] == []
    assert re.search(r"url\((?!['\"]?data:)", page) is None
    assert "@import" not in page
    for text in ("15 of 16 rows on virtual channel 0", "row 3 &lt;is wrong&gt;",
                 "row_buffer_overflow", "resampled from 3x5 &amp; cropped", "&lt;chart&gt;"):
        assert text in page, text


def test_the_arrays_and_the_packets_are_as_they_were(record, tmp_path):
    write_report(record, tmp_path)
    for name in ("captures", "linear"):
        stored, wanted = np.load(tmp_path / f"{name}.npy"), getattr(record, name)
        assert stored.dtype == wanted.dtype
        assert (stored == wanted).all()
    assert (tmp_path / "packets.bin").read_bytes() == record.packet_bytes


def test_a_run_without_any_frame_still_gives_a_report(record, tmp_path):
    rows, columns = record.config.array.rows, record.config.array.columns
    record.frames, record.boundaries, record.truth_electrons = [], [], None
    record.captures = np.zeros((0, 4, rows, columns), np.uint16)
    record.linear = np.zeros((0, rows, columns), np.uint32)
    summary = write_report(record, tmp_path)
    assert (summary["frames"], summary["pixels_compared"]) == (0, 0)
    assert (tmp_path / "report.html").exists()


def test_an_old_report_does_not_outlive_a_failed_one(record, tmp_path):
    write_report(record, tmp_path)
    record.captures = None
    with pytest.raises(Exception, match=r"."):
        write_report(record, tmp_path)
    assert not (tmp_path / "report.json").exists()
