# SPDX-License-Identifier: Apache-2.0
"""Cells get names that make the placer begin with control, and nothing else changes."""

from tapetum_sim.bench.legalisation import name_for_legalisation, plain_name


def flip_flop(enable, data, output):
    return {"type": "TRELLIS_FF", "connections": {
        "CLK": [2], "LSR": [3], "CE": [enable], "DI": [data], "Q": [output]}}


def look_up_table(output):
    return {"type": "LUT4", "connections": {"A": [9], "Z": [output]}}


def rows_and_control():
    rows = {f"row_{index}": flip_flop(10, 1000 + index, 2000 + index) for index in range(100)}
    logic = {f"row_{index}_logic": look_up_table(1000 + index) for index in range(100)}
    control = {f"control_{index}": flip_flop(20 + index // 8, 3000 + index, 4000 + index)
               for index in range(16)}
    return {"cells": rows | logic | control | {"alone": look_up_table(5000)}, "ports": {}}


def test_control_has_the_last_names_and_rows_lie_mixed_before_it():
    netlist = rows_and_control()
    named = name_for_legalisation(netlist, seed=1)
    assert {plain_name(name): cell for name, cell in named["cells"].items()} == netlist["cells"]
    in_order = [plain_name(name) for name in sorted(named["cells"])]
    assert all(name.startswith("row_") for name in in_order[:200])
    assert set(in_order[200:]) == {"alone", *(f"control_{index}" for index in range(16))}
    assert in_order[:200] != sorted(in_order[:200])


def test_another_seed_gives_another_order_and_the_same_seed_the_same():
    first, again, other = (list(name_for_legalisation(rows_and_control(), seed)["cells"])
                           for seed in (1, 1, 2))
    assert first == again != other
