# SPDX-License-Identifier: Apache-2.0
"""Ends of carry chains, without the slices that only lead constants in and nothing out."""

from typing import Any

from .netlist import copied_cells, loads_of

__all__ = ["without_carry_ends"]

_CONSTANTS = ("0", "1")


def without_carry_ends(netlist: dict[str, Any]) -> dict[str, Any]:
    """The same netlist, its adders and comparisons a slice shorter at each end (CCU2C).

    yosys begins every chain with a carry that is constant, and connects the carry of its last
    cell whether anybody reads it or not; nextpnr spends a slice of two LUTs on each. Here the
    first bit generates its carry by itself, and its sum, if it is read, takes a LUT.

    Parameters
    ----------
    netlist : dict
        A module as yosys writes it for an ECP5.
    """
    cells = copied_cells(netlist)
    loads = loads_of(netlist, cells)
    for name in [name for name, cell in cells.items() if cell["type"] == "CCU2C"]:
        pins = cells[name]["connections"]
        if not loads.get(pins["COUT"][0]):
            pins["COUT"] = ["x"]
        if pins["CIN"][0] in _CONSTANTS and all(pins[pin][0] in _CONSTANTS
                                                for pin in ("C0", "D0")):
            _begin_without_carry(cells, name, loads)
    return netlist | {"cells": cells}


def _begin_without_carry(cells: dict[str, Any], name: str, loads: dict[Any, Any]) -> None:
    pins, parameters = cells[name]["connections"], cells[name]["parameters"]
    if parameters["INJECT1_0"] != "NO":
        return
    table = int(parameters["INIT0"], 2)
    carry, above = (int(pins["CIN"][0]), 4 * int(pins["C0"][0]) + 8 * int(pins["D0"][0]))
    # By the operands A0 and B0: whether the bit passes the carry on, what it carries if not.
    passes = [table >> (above + operands) & 1 for operands in range(4)]
    carries = [carry if passes[operands] else table >> operands & 1 for operands in range(4)]
    total = pins["S0"][0]
    if loads.get(total):
        sums = sum((value ^ carry) << operands for operands, value in enumerate(passes))
        cells[f"{name}$first"] = {
            "hide_name": 1, "type": "LUT4", "attributes": {},
            "parameters": {"INIT": f"{sums * 0x1111:016b}"},
            "port_directions": {**dict.fromkeys("ABCD", "input"), "Z": "output"},
            "connections": {"A": pins["A0"], "B": pins["B0"], "C": ["0"], "D": ["0"],
                            "Z": [total]}}
    parameters["INIT0"] = f"{sum(value << bit for bit, value in enumerate(carries)):016b}"
    pins |= {"CIN": ["x"], "S0": ["x"], "C0": ["1"], "D0": ["1"]}
