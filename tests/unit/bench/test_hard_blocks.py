# SPDX-License-Identifier: Apache-2.0
"""Multipliers and block RAMs get sites of their own, near what they are wired to."""

import re
from itertools import combinations

import numpy as np

from tapetum_sim.bench.hard_blocks import HARD_BLOCK_SITES, hard_block_sites
from tapetum_sim.bench.synthesis import Place, improve_ecp5

ROOMS, TABLES, BLOCKS = 6, 300, 8


def rooms(generator):
    """Tables of a room are wired to each other at random, and to its blocks; rooms to the next."""
    cells, wires = {}, 1

    def join(*names):
        nonlocal wires
        wires += 1
        for name in names:
            cells[name]["connections"].setdefault("A", []).append(wires)

    for room in range(ROOMS):
        tables = [f"room_{room}.table_{number}" for number in range(TABLES)]
        blocks = [f"room_{room}.{kind}_{number}" for number in range(BLOCKS)
                  for kind in ("DP16KD", "MULT18X18D")]
        for name in (*tables, *blocks):
            kind = re.sub(r".*\.|_\d+$", "", name).replace("table", "LUT4")
            cells[name] = {
                "type": kind, "connections": {"Z": [f"{name}.unread"]}, "attributes": {},
                "port_directions": {"A": "input", "Z": "output"}, "parameters": {}}
        for _ in range(3 * TABLES):
            join(*generator.choice(tables, 2, replace=False))
        for block in blocks:
            for table in generator.choice(tables, 20, replace=False):
                join(block, table)
        if room:
            join(tables[0], f"room_{room - 1}.table_1")
    join(*cells)  # a clock
    return {"cells": cells, "ports": {}, "netnames": {}}


def place_of(site):
    return np.array([int(number) for number in re.findall(r"[XY](\d+)/", site)])


def test_every_block_has_a_site_of_its_kind_near_those_of_its_room(seed):
    netlist = rooms(np.random.default_rng(seed))
    sites = hard_block_sites(netlist)
    blocks = [name for name, cell in netlist["cells"].items() if cell["type"] != "LUT4"]
    assert sorted(sites) == sorted(blocks)
    assert len(set(sites.values())) == len(blocks)
    for name, site in sites.items():
        kind = netlist["cells"][name]["type"]
        assert site in [known for known, _, _ in HARD_BLOCK_SITES[kind]]
    near, far = [], []
    for one, other in combinations(blocks, 2):
        way = np.abs(place_of(sites[one]) - place_of(sites[other])).sum()
        (near if one.split(".")[0] == other.split(".")[0] else far).append(way)
    assert np.mean(near) < 0.6 * np.mean(far)


def test_the_same_netlist_gets_the_same_sites(seed):
    first, again = (hard_block_sites(rooms(np.random.default_rng(seed))) for _ in range(2))
    assert first == again


def test_a_place_with_hard_blocks_fixes_them_in_the_netlist(seed):
    netlist = rooms(np.random.default_rng(seed))
    placed = improve_ecp5({"modules": {"top": netlist}}, Place(hard_blocks=True))
    cells = placed["modules"]["top"]["cells"]
    assert all(("BEL" in cell["attributes"]) == (cell["type"] != "LUT4") for cell in cells.values())
