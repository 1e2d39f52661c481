# SPDX-License-Identifier: Apache-2.0
"""Figures of the speed bench are those of the runs, and what was not measured is null."""

import json
from io import StringIO

import pytest
from rich.console import Console

from tapetum_sim.bench.machine import describe_machine
from tapetum_sim.bench.speed import bench_speed, speed_of
from tapetum_sim.bench.tables import speed_table

SUMMARY = {
    "frames": 4, "cycles": 6_000_000, "mismatches": 0, "dropped_frames": 0, "wall_s": 19.5,
    "simulator_was_cached": True,
    "walls_s": {"build": 0.5, "simulation": 12.0, "of which pixel die": 2.0, "models": 3.0,
                "report": 4.0},
}


def test_speed_counts_the_whole_simulation_and_splits_its_cost():
    figures = speed_of(SUMMARY)
    assert figures["cycles_per_second"] == 500_000
    assert figures["seconds_per_frame"] == 3.0
    cost = figures["cost_s"]
    assert (cost["simulation"], cost["pixel_die"]) == (10.0, 2.0)
    assert cost["total"] == sum(
        cost[part] for part in ("build", "simulation", "pixel_die", "models", "report"))


def test_every_preset_runs_with_and_without_ramps_and_is_written_at_once(tmp_path, monkeypatch):
    runs = []

    def simulate(**arguments):
        if len(runs) == 3:
            raise KeyboardInterrupt
        runs.append(tuple(arguments[name] for name in ("preset", "direct", "frames", "scene")))
        return SUMMARY

    monkeypatch.setattr("tapetum_sim.frame.session.simulate", simulate)
    with pytest.raises(KeyboardInterrupt):
        bench_speed(("tiny", "qvga", "vga"), 4, tmp_path)
    written = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert runs == [("tiny", False, 4, "tunnel"), ("tiny", True, 4, "tunnel"),
                    ("qvga", False, 4, "tunnel")]
    assert list(written["presets"]) == ["tiny", "qvga"]
    assert written["presets"]["qvga"]["direct"] is None
    assert written["versions"]["amaranth"]
    assert written["machine"] == {**describe_machine(),
                                  "load_average": written["machine"]["load_average"]}


def test_the_table_has_a_line_per_run_that_was_made():
    report = {"frames": 4, "machine": describe_machine(), "presets": {
        "tiny": {"full_adc": speed_of(SUMMARY), "direct": speed_of(SUMMARY)},
        "qvga": {"full_adc": speed_of(SUMMARY), "direct": None}}}
    text = StringIO()
    Console(file=text, width=140).print(speed_table(report))
    lines = [line.split() for line in text.getvalue().splitlines()]
    runs = [line[:6] for line in lines if "500" in line]
    assert runs == [["tiny", "full", "adc", "500", "3.00", "cached"],
                    ["direct", "500", "3.00", "cached", "10.0", "2.0"],
                    ["qvga", "full", "adc", "500", "3.00", "cached"]]
