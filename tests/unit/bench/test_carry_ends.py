# SPDX-License-Identifier: Apache-2.0
"""Carry chains lose the slices at their ends, and compute what they did."""

import json
import subprocess

import pytest

from tapetum_sim.bench.carry_ends import without_carry_ends
from tapetum_sim.tools import find_tool

ARITHMETIC = {
    "sum": "o = a + b", "difference": "o = a - b", "less": "o = a < b", "not_less": "o = a >= b",
    "constant": "o = a + 9'd77",
    "signed": "o = $signed(a) < $signed(b)",
    "both": "o = {a < b, a - b}",
}


def yosys(folder, script):
    result = subprocess.run([find_tool("yosys"), "-q", "-p", script], cwd=folder, text=True,
                            capture_output=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def synthesised(folder, expression):
    (folder / "top.v").write_text(
        f"module top(input [8:0] a, b, output [10:0] o); assign {expression}; endmodule")
    yosys(folder, "read_verilog top.v; synth_ecp5 -top top -json top.json")
    return json.loads((folder / "top.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ARITHMETIC)
def test_every_output_stays_whatever_the_unconnected_carry_is(name, tmp_path):
    design = synthesised(tmp_path, ARITHMETIC[name])
    given = design["modules"]["top"]
    made = without_carry_ends(given)
    chains = [cell for cell in made["cells"].values() if cell["type"] == "CCU2C"]
    assert any(cell["connections"]["CIN"] == ["x"] for cell in chains), "nothing was shortened"
    # What is not connected becomes an input: the outputs must not depend on it.
    loose = max(bit for net in made["netnames"].values() for bit in net["bits"]
                if isinstance(bit, int)) + 1000
    made["ports"]["anything"] = {"direction": "input", "bits": [loose]}
    given["ports"]["anything"] = {"direction": "input", "bits": [loose]}
    for cell in chains:
        pins = cell["connections"]
        pins["CIN"] = [loose] if pins["CIN"] == ["x"] else pins["CIN"]
        for number, pin in enumerate(("COUT", "S0")):
            if pins[pin] == ["x"]:
                pins[pin] = [loose + 1 + number + 2 * chains.index(cell)]
    design["modules"] = {"given": given | {"attributes": {}}, "made": made | {"attributes": {}}}
    # Without the blackboxes that yosys writes along: their models come from its library.
    (tmp_path / "both.json").write_text(json.dumps(design), encoding="utf-8")
    yosys(tmp_path, "read_verilog -D NO_INCLUDES +/ecp5/cells_sim.v; read_json both.json; "
                    "miter -equiv -make_assert given made miter; "
                    "hierarchy -top miter; proc; flatten; "
                    "sat -verify -prove-asserts -set-def-inputs miter")


def test_the_netlist_that_was_given_stays(tmp_path):
    given = synthesised(tmp_path, ARITHMETIC["both"])["modules"]["top"]
    before = json.dumps(given)
    without_carry_ends(given)
    assert json.dumps(given) == before


def test_chains_that_begin_with_a_signal_are_left_alone():
    chain = {"type": "CCU2C", "parameters": {"INIT0": "1001011010101010", "INJECT1_0": "NO"},
             "connections": {"CIN": [5], "A0": [6], "B0": [7], "C0": ["0"], "D0": ["1"],
                             "S0": [8], "COUT": [9]},
             "port_directions": dict.fromkeys(("CIN", "A0", "B0", "C0", "D0"), "input")
             | dict.fromkeys(("S0", "COUT"), "output")}
    netlist = {"cells": {"chain": chain},
               "ports": {"o": {"direction": "output", "bits": [8, 9]}}}
    assert without_carry_ends(netlist) == netlist
