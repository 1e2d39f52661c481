# SPDX-License-Identifier: Apache-2.0
"""Seeds are tried until timing is met, nothing is made twice, and a failure is a failure."""

import json
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from tapetum_boards.build import bitstream
from tapetum_boards.build.bitstream import bitstream_path, build_board
from tapetum_boards.build.project import CONSTRAINTS, Project, elaborate
from tapetum_boards.build.rooms import area_by_room, room_of
from tapetum_boards.platforms.catalogue import BOARDS
from tapetum_boards.whole_die import BITSTREAM_PRESET
from tapetum_sim.bench.synthesis import place_options
from tapetum_sim.cli import app
from tapetum_sim.errors import UserError

NETLIST = {"modules": {"top": {"ports": {}, "cells": {
    "core.adc.latch_SB_LUT4_O": {"type": "SB_LUT4"},
    "core.adc.latch_SB_DFF_Q": {"type": "SB_DFFE"},
    "core.readout.table": {"type": "SB_RAM40_4K"},
    "led_SB_LUT4_O": {"type": "SB_LUT4"},
}}}}


class Tools:
    """Stand-ins for the tool chain: synthesis gives `NETLIST`, seeds the frequencies of `mhz`.

    With no frequency the router finds no ways.
    """

    def __init__(self, monkeypatch, mhz):
        self.mhz, self.calls, self.project = mhz, [], Project(
            rtlil="", constraints={"top.pcf": "set_io led 1\n"},
            tools={"nextpnr-ice40": ("--json", "top.json", "--asc", "top.asc"),
                   "icepack": ("top.asc", "top.bin")})
        monkeypatch.setattr(bitstream, "elaborate", lambda name, board: self.project)
        monkeypatch.setattr(bitstream, "synthesise", lambda *given, **options: NETLIST)
        monkeypatch.setattr(bitstream, "find_tool", lambda name: name)
        monkeypatch.setattr(bitstream, "run_tool", self.run)

    def run(self, call, folder, log, watch=lambda: None):
        self.calls.append(call[0])
        if call[0] == "icepack":
            (folder / "top.bin").write_text(call[1])
            return
        seed = int(call[call.index("--seed") + 1])
        if self.mhz[seed] is None:
            (folder / log).write_text("".join(
                f"Info:     iter={number} wires=1000 overused={overused} overuse={overused}\n"
                for number, overused in enumerate((5_000, 516, 1_032))))
            watch()
            raise AssertionError("the router goes on and on")
        (folder / call[call.index("--report") + 1]).write_text(json.dumps({
            "fmax": {"clk$glb": {"achieved": self.mhz[seed], "constraint": 12.0}},
            "utilization": {"ICESTORM_LC": {"used": 100, "available": 5280}},
            "critical_paths": []}))


def test_seeds_are_tried_until_timing_is_met_and_none_twice(tmp_path, monkeypatch):
    tools = Tools(monkeypatch, {1: 11.9, 2: 12.0, 3: 20.0})
    report = build_board("icebreaker", tmp_path, seeds=range(1, 4))
    assert (report["timing_met"], report["seed"], [*report["seeds"]]) == (True, 2, [1, 2])
    assert report["clocks"] == {"clk$glb": {"mhz": 12.0, "constraint_mhz": 12.0, "met": True}}
    assert report["used"]["lut4"] == {"used": 100, "available": 5280}
    assert bitstream_path("icebreaker", tmp_path).read_text() == "seed_2.asc"
    assert tools.calls == ["nextpnr-ice40", "nextpnr-ice40", "icepack"]
    written = json.loads((tmp_path / "icebreaker" / "report.json").read_text())
    assert written["bitstream"] == report["bitstream"]

    again = build_board("icebreaker", tmp_path, seeds=range(1, 4))
    assert tools.calls[3:] == ["icepack"]
    assert again["clocks"] == report["clocks"]

    tools.project = replace(tools.project, constraints={"top.pcf": "set_io led 2\n"})
    build_board("icebreaker", tmp_path, seeds=[2])
    assert tools.calls[4:] == ["nextpnr-ice40", "icepack"], "another pin is another design"


def test_no_report_survives_what_it_is_of(tmp_path, monkeypatch):
    Tools(monkeypatch, {1: 20.0})
    build_board("icebreaker", tmp_path, seeds=[1])
    monkeypatch.setattr(bitstream, "synthesise", lambda *given, **options: pytest.fail("broken"))
    with pytest.raises(pytest.fail.Exception):
        build_board("icebreaker", tmp_path, seeds=[1])
    assert not (tmp_path / "icebreaker" / "report.json").exists()
    assert not bitstream_path("icebreaker", tmp_path).exists()


def test_what_was_cut_off_as_it_was_written_is_made_again(tmp_path, monkeypatch):
    tools = Tools(monkeypatch, {1: 20.0})
    build_board("icebreaker", tmp_path, seeds=[1])
    kept = tmp_path / "icebreaker" / "seed_1.json"
    kept.write_text(kept.read_text()[:20])
    assert build_board("icebreaker", tmp_path, seeds=[1])["timing_met"]
    assert tools.calls == ["nextpnr-ice40", "icepack"] * 2


def test_timing_that_no_seed_meets_is_a_failure_without_a_bitstream(tmp_path, monkeypatch):
    Tools(monkeypatch, {1: 11.9, 2: 11.0})
    bitstream_path("icebreaker", tmp_path).parent.mkdir()
    bitstream_path("icebreaker", tmp_path).write_text("of another day")
    result = CliRunner().invoke(app, ["board", "build", "icebreaker", "--tries", "2",
                                      "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "timing is not met with seed 1, 2: clk$glb reaches 11.9 of 12.0 MHz" in result.stderr
    assert not bitstream_path("icebreaker", tmp_path).exists()
    report = json.loads((tmp_path / "icebreaker" / "report.json").read_text())
    assert (report["timing_met"], report["seed"], report["bitstream"]) == (False, 1, None)


def test_a_seed_without_ways_is_given_up_for_the_next_one(tmp_path, monkeypatch):
    tools = Tools(monkeypatch, {1: None, 2: 12.0})
    report = build_board("icebreaker", tmp_path, seeds=[1, 2])
    assert (report["timing_met"], report["seed"]) == (True, 2)
    assert [seed["overused"] for seed in report["seeds"].values()] == [516, 0]
    assert report["clocks"]["clk$glb"]["met"]
    build_board("icebreaker", tmp_path, seeds=[1, 2])
    assert tools.calls == ["nextpnr-ice40", "nextpnr-ice40", "icepack", "icepack"], \
        "what has no ways is not tried again"


def test_a_design_without_ways_is_one_sentence_and_no_bitstream(tmp_path, monkeypatch):
    Tools(monkeypatch, {1: None})
    result = CliRunner().invoke(app, ["board", "build", "icebreaker", "--seed", "1",
                                      "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "with seed 1 no further than to 516 wires wanted twice; there is no" in result.stderr
    assert not bitstream_path("icebreaker", tmp_path).exists()


def test_a_design_larger_than_its_device_is_not_placed(tmp_path, monkeypatch):
    tools = Tools(monkeypatch, {})
    device = replace(BOARDS["icebreaker"].device, lut4=1)
    monkeypatch.setitem(BOARDS, "icebreaker", replace(BOARDS["icebreaker"], device=device))
    result = CliRunner().invoke(app, ["board", "build", "icebreaker", "--out", str(tmp_path)])
    assert (result.exit_code, tools.calls) == (1, [])
    assert "icebreaker is larger than its iCE40UP5K: 2 of 1 LUT4; there is no" in result.stderr
    report = json.loads((tmp_path / "icebreaker" / "report.json").read_text())
    assert report["too_large"] == {"lut4": {"needed": 2, "available": 1}}
    assert report["timing_met"] is False


@pytest.mark.parametrize("verb", ["build", "flash"])
def test_an_unknown_board_is_one_sentence(tmp_path, verb):
    result = CliRunner().invoke(app, ["board", verb, "arty", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "there is no board 'arty'; choose one of ulx3s_85f" in result.stderr


@pytest.mark.parametrize("option, asked", [
    ("--check-rooms", {"check_rooms": True}), ("--preset", {"preset": "tiny"}),
    ("--cells", {"cells": 2})])
def test_parts_of_rooms_have_no_options_of_a_whole_die(option, asked, tmp_path):
    with pytest.raises(UserError, match=f"leave out {option}"):
        build_board("icebreaker", tmp_path, seeds=[1], **asked)


def test_a_whole_die_is_built_as_asked(tmp_path, monkeypatch):
    Tools(monkeypatch, {})
    seen = []

    def elaborated(name, board):
        config = board.configuration()
        array = (config.npu.cells, config.npu.weight_words) if config.npu else (0,)
        seen.append((config.name, *array, "--no-tmdriv" in place_options(board.place, 1)))
        raise UserError("that is all")

    monkeypatch.setattr(bitstream, "elaborate", elaborated)
    builds: list[dict[str, Any]] = [{}, {"preset": "qvga", "cells": 8}, {"cells": 4},
                                    {"preset": "tiny3"}]
    for asked in builds:
        with pytest.raises(UserError, match="that is all"):
            build_board("ulx3s_85f", tmp_path, seeds=[1], **asked)
    assert seen == [(BITSTREAM_PRESET, 0, False), ("qvga", 8, 512, True),
                    (BITSTREAM_PRESET, 4, 1024, True),
                    ("tiny3", 0, False)]



def test_a_missing_tool_is_known_before_the_work_begins(tmp_path, monkeypatch):
    def find(name):
        if name == "icepack":
            raise UserError("icepack is missing")
        return name

    monkeypatch.setattr(bitstream, "find_tool", find)
    monkeypatch.setattr(bitstream, "elaborate", lambda *given: pytest.fail("it worked on"))
    with pytest.raises(UserError, match="icepack is missing"):
        build_board("icebreaker", tmp_path, seeds=[1])


@pytest.mark.parametrize("out", ["file", "/proc/x"])
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch, out):
    tools = Tools(monkeypatch, {})
    (tmp_path / "file").touch()
    result = CliRunner().invoke(app, ["board", "build", "icebreaker", "--out",
                                      str(tmp_path / out)])
    assert (result.exit_code, tools.calls) == (2, [])
    assert "choose another folder with --out" in result.stderr


def test_a_place_of_another_design_is_never_packed(tmp_path, monkeypatch):
    tools = Tools(monkeypatch, {1: 20.0})
    first, other = tools.project, replace(tools.project,
                                          constraints={"top.pcf": "set_io led 2\n"})
    build_board("icebreaker", tmp_path, seeds=[1])

    def stop(call, folder, log, watch=lambda: None):
        raise KeyboardInterrupt

    tools.project = other
    with monkeypatch.context() as stopped:
        stopped.setattr(bitstream, "run_tool", stop)
        with pytest.raises(KeyboardInterrupt):
            build_board("icebreaker", tmp_path, seeds=[1])
    tools.project, tools.calls = first, []
    build_board("icebreaker", tmp_path, seeds=[1])
    assert tools.calls == ["nextpnr-ice40", "icepack"], "what nextpnr left is of the other design"


def test_cells_belong_to_the_room_that_their_names_say():
    assert room_of("core.die.hdr.merge.sum_LUT4_Z") == "hdr"
    assert room_of("core.die.control$493.bank.word_TRELLIS_FF_Q") == "control"
    assert room_of("core.pixel_die.bank.near_0_TRELLIS_FF_Q") == "pixel_die"
    assert room_of("memory_dq.buf_7") == "board"
    assert area_by_room(NETLIST["modules"]["top"]) == {
        "adc": {"lut4": 1, "flip_flops": 1, "dsp": 0, "block_ram": 0},
        "board": {"lut4": 1, "flip_flops": 0, "dsp": 0, "block_ram": 0},
        "readout": {"lut4": 0, "flip_flops": 0, "dsp": 0, "block_ram": 1}}


def test_the_platform_says_how_its_tools_are_called():
    project = elaborate("icebreaker", BOARDS["icebreaker"])
    assert project.tool("nextpnr") == "nextpnr-ice40"
    assert {"--up5k", "--pcf", "top.pcf"} <= set(project.tools["nextpnr-ice40"])
    assert project.tools["icepack"] == ("top.asc", "top.bin")
    assert "set_io clk12_0__io 35" in project.constraints["top.pcf"]


def test_what_resources_cannot_say_comes_from_the_constraints():
    constraints = elaborate("ulx3s_25f", BOARDS["ulx3s_25f"]).constraints["top.lpf"]
    assert "SYSCONFIG" in constraints
    assert 'FREQUENCY NET "clocks.pll_adc" 100000000.0 HZ;' in constraints
    assert {path.stem for path in CONSTRAINTS.glob("*.lpf")} <= set(BOARDS), "a file of no board"
