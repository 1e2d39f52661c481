# SPDX-License-Identifier: Apache-2.0
"""Carry chains lose the slices at their ends, and compute what they did."""

import json

import pytest

from support.netlists import prove_equal, synthesised
from tapetum_sim.bench.carry_ends import without_carry_ends

ARITHMETIC = {
    "sum": "o = a + b", "difference": "o = a - b", "less": "o = a < b", "not_less": "o = a >= b",
    "constant": "o = a + 9'd77",
    "signed": "o = $signed(a) < $signed(b)",
    "both": "o = {a < b, a - b}",
}


def design_of(folder, name):
    return synthesised(folder, "input [8:0] a, b, output [10:0] o", ARITHMETIC[name])


@pytest.mark.parametrize("name", ARITHMETIC)
def test_every_output_stays_whatever_the_unconnected_carry_is(name, tmp_path):
    design = design_of(tmp_path, name)
    made = without_carry_ends(design["modules"]["top"])
    assert any(cell["connections"].get("CIN") == ["x"] for cell in made["cells"].values()), \
        "nothing was shortened"
    prove_equal(tmp_path, design, made)


def test_the_netlist_that_was_given_stays(tmp_path):
    given = design_of(tmp_path, "both")["modules"]["top"]
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
