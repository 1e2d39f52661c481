# SPDX-License-Identifier: Apache-2.0
"""Pairs of tables share a multiplexer that costs nothing, and every output stays what it was."""

import json
from collections import Counter

import pytest

from support.netlists import prove_equal, synthesised
from tapetum_sim.bench.joined_tables import with_joined_tables

PORTS = "input [3:0] a, b, c, d, input s, t, u, v, output [3:0] o"
JOINED = {
    "one_of_four": "o = s ? (t ? a : b) : (t ? c : d)",
    "one_of_four_by_others": "o = s ? (t ? a : b) : (u ? c : d)",
    "or_a_level": "o = s ? (u ? {4{v}} : v ? a : b) : (u ? {4{v}} : v ? c : d)",
    "chosen_again": "o = s ? (s ^ t ? a : b) : ~(t ? c : d)",
}
LEFT = {
    "one_of_two": "o = s ? a : b",
    "shared": "o = (s ? (t ? a : b) : (u ? c : d)) ^ {4{(t ? a[0] : b[0]) & (u ? c[0] : d[0])}}",
    "parity": "o = {4{^a ^ ^b}}",
}


def sizes(netlist):
    return Counter(cell["type"] for cell in netlist["cells"].values())


@pytest.mark.parametrize("name", [*JOINED, *LEFT])
def test_every_output_stays(name, tmp_path):
    design = synthesised(tmp_path, PORTS, (JOINED | LEFT)[name])
    given = design["modules"]["top"]
    made = with_joined_tables(given)
    if name in JOINED:
        assert sizes(made)["LUT4"] == sizes(given)["LUT4"] - 4 == 8, "nothing was joined"
        assert sizes(made)["PFUMX"] == 4
    prove_equal(tmp_path, design, made)
    assert sizes(with_joined_tables(made)) == sizes(made), "a pair is joined only once"


def test_tables_that_need_no_multiplexer_stay(tmp_path):
    given = synthesised(tmp_path, PORTS, LEFT["one_of_two"])["modules"]["top"]
    assert sizes(with_joined_tables(given)) == sizes(given)


def test_the_netlist_that_was_given_stays(tmp_path):
    given = synthesised(tmp_path, PORTS, JOINED["one_of_four"])["modules"]["top"]
    before = json.dumps(given)
    with_joined_tables(given)
    assert json.dumps(given) == before
