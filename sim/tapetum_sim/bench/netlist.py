# SPDX-License-Identifier: Apache-2.0
"""A module as yosys writes it, for passes between synthesis and placement."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

__all__ = [
    "Loads", "copied_cells", "is_plain_register", "loads_of", "take_registers_behind",
]

Loads = dict[Any, set[tuple[str, str]]]
"""Cells with their pins by net; ports with an empty pin."""


def copied_cells(netlist: dict[str, Any]) -> dict[str, Any]:
    """Its cells, with connections and parameters that may be changed."""
    return {name: cell | {"connections": dict(cell["connections"]),
                          "parameters": dict(cell["parameters"])}
            for name, cell in netlist["cells"].items()}


def loads_of(netlist: dict[str, Any], cells: dict[str, Any]) -> Loads:
    """Who reads each net: cells with their pins, ports with an empty pin."""
    loads: Loads = defaultdict(set)
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


def is_plain_register(cell: dict[str, Any]) -> bool:
    """Whether it is a register with neither enable nor reset, which starts at 0."""
    pins = cell["connections"]
    return (cell["type"] == "TRELLIS_FF" and "DI" in pins
            and cell["parameters"].get("REGSET", "RESET") == "RESET"
            and cell["parameters"].get("CLKMUX", "CLK") == "CLK"
            and pins.get("LSR", ["0"]) == ["0"]
            and (pins.get("CE", ["1"]) == ["1"] or cell["parameters"].get("CEMUX", "") == "1 "))


def take_registers_behind(cells: dict[str, Any], name: str, outputs: Sequence[str], loads: Loads,
                          takes: Callable[[Any], bool]) -> bool:
    """Remove the registers that read `outputs` of a cell, which has them inside from then on.

    Parameters
    ----------
    takes : function
        Of their clock: makes the cell use its registers, or refuses.

    Returns
    -------
    False, and nothing is changed, unless each output that is used is read by one plain register
    and by nothing else, all of one clock that the cell takes.
    """
    driver = cells[name]
    readers = {}
    for pin in outputs:
        reading = loads.get(driver["connections"].get(pin, ["x"])[0], set())
        if not reading:
            continue
        if len(reading) != 1:
            return False
        ((register, at),) = reading
        if at != "DI" or not is_plain_register(cells[register]):
            return False
        readers[pin] = register
    clocks = {cells[register]["connections"]["CLK"][0] for register in readers.values()}
    if len(clocks) != 1 or not takes(clocks.pop()):
        return False
    for pin, register in readers.items():
        driver["connections"][pin] = cells.pop(register)["connections"]["Q"]
    return True
