# SPDX-License-Identifier: Apache-2.0
"""Adders whose operands are chosen or gated, without a LUT of their own for that."""

from collections.abc import Callable
from itertools import permutations, product
from typing import Any

from .netlist import copied_cells, loads_of

__all__ = ["with_operands_in_carries"]

_PINS = "ABCD"


def with_operands_in_carries(netlist: dict[str, Any]) -> dict[str, Any]:
    """The same netlist, with LUTs that only one bit of a carry chain reads inside that bit.

    A bit of a chain (half a CCU2C) is a table of four inputs, of which yosys uses two: where the
    table gives 1 the carry passes, else the table's first quarter says, of A and B alone, what is
    carried. An operand that is a multiplexer or a gate of up to three nets often fits in.

    Parameters
    ----------
    netlist : dict
        A module as yosys writes it for an ECP5.
    """
    cells = copied_cells(netlist)
    loads = loads_of(netlist, cells)
    drivers = {cell["connections"]["Z"][0]: name for name, cell in cells.items()
               if cell["type"] == "LUT4"}
    for cell in [cell for cell in cells.values() if cell["type"] == "CCU2C"]:
        for half in "01":
            for operands in ("AB", "A", "B"):
                nets = [cell["connections"][pin + half][0] for pin in operands]
                names = [drivers[net] for net in nets if len(loads[net]) == 1 and net in drivers]
                if len(names) == len(operands) and _absorb(cell, half, {
                        pin: cells[name] for pin, name in zip(operands, names, strict=True)}):
                    for name in names:
                        del cells[name]
                    break
    return netlist | {"cells": cells}


def _absorb(cell: dict[str, Any], half: str, tables: dict[str, dict[str, Any]]) -> bool:
    """Compute in one bit of a chain what LUTs in front of its pins do, if that is possible."""
    pins, init = cell["connections"], int(cell["parameters"]["INIT" + half], 2)
    if not {pins["C" + half][0], pins["D" + half][0]} <= {"0", "1"}:
        return False
    inside = {pin: _nets(table) for pin, table in tables.items()}
    nets = sorted({bit for found in inside.values() for bit in found}
                  | {pins[pin + half][0] for pin in "AB" if pin not in tables}
                  - {"0", "1", "x"}, key=str)
    if len(nets) > len(_PINS):
        return False

    def bit_of(values: dict[Any, int]) -> tuple[int, int]:
        """Whether the carry passes, and what is carried if not."""
        place = 0
        for number, pin in enumerate(_PINS):
            value = (_output(tables[pin], values) if pin in tables
                     else _value(pins[pin + half][0], values))
            place |= value << number
        return init >> place & 1, init >> (place & 3) & 1

    for order in permutations((nets + ["1"] * len(_PINS))[:len(_PINS)]):
        made = _table(order, bit_of)
        if made is not None:
            pins |= {pin + half: [bit] for pin, bit in zip(_PINS, order, strict=True)}
            cell["parameters"]["INIT" + half] = f"{made:016b}"
            return True
    return False


def _table(order: tuple[Any, ...],
           bit_of: Callable[[dict[Any, int]], tuple[int, int]]) -> int | None:
    """Of a bit whose pins have these nets; None if A and B do not tell what is carried."""
    passing, carried = 0, dict[int, int]()
    for levels in product((0, 1), repeat=len(_PINS)):
        if any(bit == "1" and not level for bit, level in zip(order, levels, strict=True)):
            continue
        passes, carries = bit_of(dict(zip(order, levels, strict=True)))
        passing |= passes << sum(level << number for number, level in enumerate(levels))
        place = levels[0] + 2 * levels[1]
        if not passes and carried.setdefault(place, carries) != carries:
            return None
    if "1" in order[2:]:  # the first quarter is no part of what passes
        return passing | sum(carries << place for place, carries in carried.items())
    agrees = all(passing >> place & 1 == carries for place, carries in carried.items())
    return passing if agrees else None


def _nets(table: dict[str, Any]) -> set[Any]:
    return {table["connections"][pin][0] for pin in _PINS} - {"0", "1", "x"}


def _output(table: dict[str, Any], values: dict[Any, int]) -> int:
    place = sum(_value(table["connections"][pin][0], values) << number
                for number, pin in enumerate(_PINS))
    return int(table["parameters"]["INIT"], 2) >> place & 1


def _value(bit: Any, values: dict[Any, int]) -> int:
    return int(bit == "1") if bit in ("0", "1", "x") else values[bit]
