# SPDX-License-Identifier: Apache-2.0
"""The order in which nextpnr gives cells their places for good."""

import random
from collections import Counter
from typing import Any

__all__ = ["name_for_legalisation", "plain_name"]

_FEW = 64
"""Registers with a common clock enable: more of them are a row of columns, fewer are control."""


def name_for_legalisation(netlist: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same netlist with cells named in the order in which they should find their places.

    nextpnr's analytic placers move cells from where they should lie to where they may: the largest
    clusters first, equally large ones by their names, the last first. In a design of rows, whose
    names are the columns', the last rows find no slice left that has their clock enable, and the
    control between them is driven far away: wires twice as long. Here control comes first, and rows
    after it in an order that mixes them.

    Parameters
    ----------
    netlist : dict
        A module as yosys writes it.
    seed : int
        Of the order of the rows.
    """
    cells = netlist["cells"]
    enables = {name: tuple(tuple(cell["connections"].get(pin, ())) for pin in ("CLK", "LSR", "CE"))
               for name, cell in cells.items() if cell["type"] == "TRELLIS_FF"}
    sizes = Counter(enables.values())
    driver = {cell["connections"]["Z"][0]: name for name, cell in cells.items()
              if "Z" in cell["connections"]}
    in_row = set()
    for name, enable in enables.items():
        if sizes[enable] > _FEW:
            in_row.add(name)
            in_row.add(driver.get(cells[name]["connections"].get("DI", (None,))[0], name))
    names = list(cells)
    random.Random(seed).shuffle(names)
    names.sort(key=lambda name: name not in in_row)  # the last of them is the first to be placed
    return netlist | {"cells": {f"{place:06}:{name}": cells[name]
                                for place, name in enumerate(names)}}


def plain_name(name: str) -> str:
    """A cell's name as it was."""
    return name.partition(":")[2] if name[:6].isdigit() and name[6:7] == ":" else name
