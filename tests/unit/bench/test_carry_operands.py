# SPDX-License-Identifier: Apache-2.0
"""Operands move into the carry chains that add them, and every output stays what it was."""

import json
from collections import Counter

import pytest

from support.netlists import prove_equal, synthesised
from tapetum_sim.bench.carry_ends import without_carry_ends
from tapetum_sim.bench.carry_operands import with_operands_in_carries

PORTS = "input [8:0] a, b, c, input s, t, output [9:0] o"
MOVED = {
    "chosen_addend": "o = a + (s ? b : c)",
    "gated_addend": "o = a + (b & {9{s}})",
    "both_gated": "o = (a & {9{s}}) + (b & {9{t}})",
    "chosen_subtrahend": "o = (s ? b : c) - a",
    "complemented_if": "o = a + (b ^ {9{s}}) + s",
    "chosen_comparison": "o = (s ? b : c) < a",
    "gated_comparison": "o = (a & {9{s}}) < b",
}
LEFT = {
    "four_nets": "o = a + (s ? b : t ? c : 9'd0)",
    "shared": "o = (a + (b & {9{s}})) ^ {b & {9{s}}, 1'b0}",
    "subtracted": "o = a - (s ? b : c)",
    "plain": "o = a + b",
}


def sizes(netlist):
    return Counter(cell["type"] for cell in netlist["cells"].values())


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", [*MOVED, *LEFT])
def test_every_output_stays(name, tmp_path):
    design = synthesised(tmp_path, PORTS, (MOVED | LEFT)[name])
    given = design["modules"]["top"]
    made = with_operands_in_carries(given)
    if name in MOVED:
        assert sizes(made)["LUT4"] <= sizes(given)["LUT4"] - 7, "nothing was moved"
    assert sizes(made)["CCU2C"] == sizes(given)["CCU2C"]
    prove_equal(tmp_path, design, made)
    prove_equal(tmp_path, design, without_carry_ends(made))


def test_luts_that_something_else_reads_stay(tmp_path):
    given = synthesised(tmp_path, PORTS, LEFT["shared"])["modules"]["top"]
    assert sizes(with_operands_in_carries(given)) == sizes(given)


def test_the_netlist_that_was_given_stays(tmp_path):
    given = synthesised(tmp_path, PORTS, MOVED["chosen_addend"])["modules"]["top"]
    before = json.dumps(given)
    with_operands_in_carries(given)
    assert json.dumps(given) == before
