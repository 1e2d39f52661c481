# SPDX-License-Identifier: Apache-2.0
"""Short operands of multipliers in the upper bits, where their sign needs one wire."""

from typing import Any

from .netlist import copied_cells, loads_of

__all__ = ["with_short_operands_above"]

_BITS = 18


def with_short_operands_above(netlist: dict[str, Any]) -> dict[str, Any]:
    """The same netlist, signed operands of multipliers moved up as far as they go (MULT18X18D).

    yosys extends an operand of 8 bits to 18 by leading its sign to eleven pins: of those that the
    router has to reach more than half are copies. Here zeros stand below the operand, which need no
    wire, and the product is read as much higher.

    Parameters
    ----------
    netlist : dict
        A module as yosys writes it for an ECP5.
    """
    cells = copied_cells(netlist)
    loads = loads_of(netlist, cells)
    for cell in cells.values():
        if cell["type"] == "MULT18X18D":
            _move_up(cell, loads)
    return netlist | {"cells": cells}


def _move_up(multiplier: dict[str, Any], loads: dict[Any, Any]) -> None:
    pins = multiplier["connections"]
    if (pins["SIGNEDA"], pins["SIGNEDB"]) != (["1"], ["1"]):
        return
    product = [pins.get(f"P{bit}", ["x"]) for bit in range(2 * _BITS)]
    room = len(product) - 1 - max((bit for bit, net in enumerate(product) if loads.get(net[0])),
                                  default=0)
    for operand in "AB":
        bits = [pins[f"{operand}{bit}"] for bit in range(_BITS)]
        copies = sum(bit == bits[-1] for bit in bits) - 1
        shift = min(copies if bits[-copies - 1:] == (copies + 1) * bits[-1:] else 0, room)
        room -= shift
        product = shift * [["x"]] + product[:len(product) - shift]
        pins |= {f"{operand}{bit}": net
                 for bit, net in enumerate(shift * [["0"]] + bits[:_BITS - shift])}
    pins |= {f"P{bit}": net for bit, net in enumerate(product)}
