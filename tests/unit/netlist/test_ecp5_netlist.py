# SPDX-License-Identifier: Apache-2.0
"""A netlist of every kind of cell, on our models of them, computes what its RTL does."""

import pytest

from tapetum_sim.simulator import Clock, build, run
from unit.netlist.cell_zoo import DOMAINS, PARTS, SideBySide

CELLS = {"LUT4", "TRELLIS_FF", "CCU2C", "TRELLIS_DPR16X4", "DP16KD", "MULT18X18D"}


@pytest.mark.slow
def test_a_netlist_of_every_kind_of_cell_computes_what_its_rtl_does(tmp_path, seed):
    top = SideBySide(seed)
    module = top.netlist.synthesise(tmp_path / "netlist")
    placed = (tmp_path / "netlist" / "placed.json").read_text()
    missing = {cell for cell in CELLS if f'"{cell}"' not in placed}
    assert not missing, "cells of which nothing was seen"
    for register in ('"OUTREG"', '"REG_OUTPUT_CLK": "CLK0"'):
        assert register in placed
    simulator = build(top, domains=DOMAINS, profile="netlist", modules=[module],
                      root=tmp_path / "simulator")
    found = run(simulator, "support.until_finished", directory=tmp_path / "run",
                clocks=[Clock(domain="sync", frequency_hz=75_000_000),
                        Clock(domain="other", frequency_hz=61_000_003, phase_ps=311)],
                limit_cycles=20_000).results
    parts = {name: [part for place, part in enumerate(PARTS) if found[name] >> place & 1]
             for name in ("different", "moved")}
    assert parts["moved"] == [*PARTS]
    assert parts["different"] == []
