# SPDX-License-Identifier: Apache-2.0
"""Moves registers behind a block RAM into it."""

from typing import Any

from .netlist import copied_cells, loads_of, take_registers_behind

__all__ = ["registers_into_memories"]

_OUTPUTS = [f"DO{half}{bit}" for half in "AB" for bit in range(18)]


def registers_into_memories(netlist: dict[str, Any]) -> dict[str, Any]:
    """The same netlist, its block RAMs with the output registers that they have inside (DP16KD).

    yosys leaves them in slices: 5.7 ns from the clock to a slice that may stand far away, instead
    of 1. Moved are the registers of whole words that have neither enable nor reset and start at 0,
    where nothing else reads the word.

    Parameters
    ----------
    netlist : dict
        A module as yosys writes it for an ECP5.
    """
    cells = copied_cells(netlist)
    loads = loads_of(netlist, cells)
    for name in [name for name, cell in cells.items() if cell["type"] == "DP16KD"]:
        take_registers_behind(cells, name, _OUTPUTS, loads,
                              lambda clock, cell=cells[name]: _use(cell, loads, clock))
    return netlist | {"cells": cells}


def _use(memory: dict[str, Any], loads: dict[Any, Any], clock: Any) -> bool:
    """Switch the registers on; false where a port that is read has another clock."""
    pins = memory["connections"]
    # A word of 36 bits is read by port B and leaves through both.
    halves = {"B"} if int(memory["parameters"]["DATA_WIDTH_B"], 2) == 36 else {
        pin[2] for pin in _OUTPUTS if loads.get(pins.get(pin, ["x"])[0])}
    if any(pins[f"CLK{half}"] != [clock]
           or memory["parameters"].get(f"CLK{half}MUX", f"CLK{half}") != f"CLK{half}"
           for half in halves):
        return False
    pins |= {"OCEA": ["1"], "OCEB": ["1"]}
    memory["parameters"] |= {"REGMODE_A": "OUTREG", "REGMODE_B": "OUTREG"}
    return True
