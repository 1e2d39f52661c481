# SPDX-License-Identifier: Apache-2.0
"""The listed clock crossings are those of the netlist: none is missing, none is of old."""

import json
import subprocess
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from amaranth import *
from amaranth.back import rtlil
from amaranth.lib.cdc import FFSynchronizer

from tapetum.die import Die
from tapetum.presets import preset
from tapetum_sim.bench.crossings import CROSSING_SCRIPT, Crossing, find_crossings
from tapetum_sim.tools import find_tool

LIST = Path(__file__).parents[3] / "constraints" / "crossings.toml"
KINDS = {"synchroniser", "queue", "held"}


def netlist_of(text: str, folder: Path):
    (folder / "top.il").write_text(text)
    subprocess.run([find_tool("yosys"), "-q", "-p",
                    f"read_rtlil top.il; hierarchy -top top; {CROSSING_SCRIPT}"],
                   cwd=folder, check=True)
    return json.loads((folder / "netlist.json").read_text())["modules"]["top"]


def test_a_crossing_is_found_behind_gates_and_beside_a_memory(tmp_path):
    m = Module()
    m.domains.there = there = ClockDomain(reset_less=True)
    m.domains.sync = here = ClockDomain(reset_less=True)
    given, wide = Signal(4), Signal(4)
    early, torn, calm, safe, late = (Signal(name=name) for name in (
        "early", "torn", "calm", "safe", "late"))
    m.d.sync += [early.eq(given[0]), wide.eq(given), calm.eq(early)]
    m.submodules.inner = inner = Module()
    with inner.If(wide[1] | given[3]):
        inner.d.there += torn.eq(given[2])
    m.submodules.crossing = FFSynchronizer(calm, safe, o_domain="there")
    m.d.there += late.eq(safe)
    text = rtlil.convert(m, name="top", emit_src=False, ports=[
        here.clk, there.clk, given, late, torn])
    assert find_crossings(netlist_of(text, tmp_path)) == {
        Crossing("clk", "there_clk", "inner.torn"),
        Crossing("clk", "there_clk", "crossing.stage0")}


@pytest.mark.parametrize("form", ["latches", pytest.param("memories", marks=pytest.mark.slow)])
def test_every_crossing_is_listed_and_every_one_that_is_listed_exists(form, tmp_path):
    listed = tomllib.loads(LIST.read_text())
    clocks = {port: domain for domain, port in listed["clocks"].items()}
    platform: Any = SimpleNamespace(distributed_memory=form == "memories")
    text = rtlil.convert(Die(preset("tiny")), name="top", emit_src=False, platform=platform)
    found = find_crossings(netlist_of(text, tmp_path))
    lines = {(entry["from"], entry["to"], pattern): 0
             for entry in listed["crossing"] if entry.get("form", form) == form
             for pattern in entry["registers"]}
    for crossing in sorted(found):
        matching = [line for line in lines
                    if line[:2] == (clocks[crossing.source], clocks[crossing.target])
                    and fnmatchcase(crossing.register, line[2])]
        assert len(matching) == 1, f"{crossing} is listed {len(matching)} times"
        lines[matching[0]] += 1
    assert not [line for line, count in lines.items() if not count], "these do not exist"
    assert {entry["kind"] for entry in listed["crossing"]} == KINDS
