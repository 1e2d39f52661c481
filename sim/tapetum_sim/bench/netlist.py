# SPDX-License-Identifier: Apache-2.0
"""A module as yosys writes it, for passes between synthesis and placement."""

from collections import defaultdict
from typing import Any

__all__ = ["copied_cells", "loads_of"]


def copied_cells(netlist: dict[str, Any]) -> dict[str, Any]:
    """Its cells, with connections and parameters that may be changed."""
    return {name: cell | {"connections": dict(cell["connections"]),
                          "parameters": dict(cell["parameters"])}
            for name, cell in netlist["cells"].items()}


def loads_of(netlist: dict[str, Any], cells: dict[str, Any]
             ) -> dict[Any, set[tuple[str, str]]]:
    """Who reads each net: cells with their pins, ports with an empty pin."""
    loads: dict[Any, set[tuple[str, str]]] = defaultdict(set)
    for name, cell in cells.items():
        for pin, bits in cell["connections"].items():
            if cell["port_directions"][pin] == "input":
                for bit in bits:
                    loads[bit].add((name, pin))
    for name, port in netlist["ports"].items():
        if port["direction"] != "input":
            for bit in port["bits"]:
                loads[bit].add((name, ""))
    return loads
