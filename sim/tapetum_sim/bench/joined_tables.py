# SPDX-License-Identifier: Apache-2.0
"""Look-up tables joined by the multiplexers behind them, which cost nothing."""

from collections.abc import Iterator
from itertools import combinations, count, product
from typing import Any, NamedTuple

from .netlist import Loads, copied_cells, loads_of

__all__ = ["with_joined_tables"]

_PINS = "ABCD"
_CONSTANTS = ("0", "1", "x")
_HALVES = ("BLUT", "ALUT")
"""Pins of a PFUMX: what it gives while its C0 is 0, and while it is 1."""


class _Half(NamedTuple):
    """A table that stands in front of the multiplexer, and those that it has taken in."""

    nets: list[Any]
    init: int
    taken: frozenset[str]


class _Join(NamedTuple):
    """A table as a multiplexer by one of its nets."""

    select: Any
    halves: tuple[_Half, _Half]
    taken: frozenset[str]


def with_joined_tables(netlist: dict[str, Any]) -> dict[str, Any]:
    """The same netlist, with a PFUMX wherever that saves a LUT4.

    Two tables in front of a PFUMX need not have inputs in common. yosys only looks for wide tables
    of five inputs in all, and chooses between the results of two others by a third table. Here the
    PFUMX chooses; each half takes in what it can of the tables in front of it that nothing else
    reads.

    Parameters
    ----------
    netlist : dict
        A module as yosys writes it for an ECP5.
    """
    cells = copied_cells(netlist)
    loads = loads_of(netlist, cells)
    inner = {_output(cell): name for name, cell in cells.items()
             if cell["type"] == "LUT4" and len(loads[_output(cell)]) == 1}
    found = {name: join for name, cell in cells.items()
             if cell["type"] == "LUT4" and not _joined(cells, loads, cell)
             and (join := _join(cells, cell, inner)) is not None}
    new_nets = count(1 + max(bit for cell in cells.values() for bits in cell["connections"].values()
                             for bit in bits if isinstance(bit, int)))
    for name in sorted(found, key=lambda name: -len(found[name].taken)):
        join = found[name]
        if all(other in cells for other in (name, *join.taken)):
            _replace(cells, name, join, new_nets)
    return netlist | {"cells": cells}


def _joined(cells: dict[str, Any], loads: Loads, cell: dict[str, Any]) -> bool:
    """Whether it stands in front of a PFUMX already."""
    return any(pin in _HALVES and cells[reader]["type"] == "PFUMX"
               for reader, pin in loads[_output(cell)] if pin)


def _join(cells: dict[str, Any], cell: dict[str, Any], inner: dict[Any, str]) -> _Join | None:
    """The best way to split a table; None if none saves another."""
    joins: list[_Join] = []
    nets = _nets(cell)
    if sum(net in inner for net in nets) < 2:
        return None
    for select in nets:
        low, high = (_half(cells, cell, inner, select, level) for level in (0, 1))
        halves = low, high
        # A table is gone only if no half reads it.
        taken = frozenset[str]().union(*(half.taken for half in halves)) - {
            inner[net] for half in halves for net in half.nets if net in inner}
        if len(taken) > 1:
            joins.append(_Join(select, halves, taken))
    return max(joins, key=lambda join: len(join.taken), default=None)


def _half(cells: dict[str, Any], cell: dict[str, Any], inner: dict[Any, str], select: Any,
          level: int) -> _Half:
    """What the table is while ``select`` has this level, as much as possible taken in."""
    own = {select: level}
    nets = _needed(cell, own)
    able = [inner[net] for net in nets if net in inner]
    for size in range(len(able), -1, -1):
        for names in combinations(able, size):
            tables = {_output(cells[name]): cells[name] for name in names}
            pins = sorted({*nets, *(net for table in tables.values()
                                    for net in _needed(table, own))} - {*tables, select}, key=str)
            if len(pins) <= len(_PINS):
                return _Half(pins, _table(cell, tables, pins, own), frozenset(names))
    raise AssertionError("a table fits into itself")


def _table(cell: dict[str, Any], tables: dict[Any, dict[str, Any]], pins: list[Any],
           own: dict[Any, int]) -> int:
    init = 0
    for place, levels in enumerate(product((0, 1), repeat=len(_PINS))):
        values = own | dict(zip(pins, reversed(levels), strict=False))
        values |= {net: _value(table, values) for net, table in tables.items()}
        init |= _value(cell, values) << place
    return init


def _needed(cell: dict[str, Any], own: dict[Any, int]) -> list[Any]:
    """Nets that its value depends on, once those in `own` are known."""
    nets = [net for net in _nets(cell) if net not in own]
    return [net for net in nets if any(
        _value(cell, values | {net: 0}) != _value(cell, values | {net: 1})
        for levels in product((0, 1), repeat=len(nets))
        for values in (own | dict(zip(nets, levels, strict=True)),))]


def _value(cell: dict[str, Any], values: dict[Any, int]) -> int:
    place = 0
    for number, pin in enumerate(_PINS):
        bit = cell["connections"][pin][0]
        place |= (int(bit == "1") if bit in _CONSTANTS else values.get(bit, 0)) << number
    return int(cell["parameters"]["INIT"], 2) >> place & 1


def _nets(cell: dict[str, Any]) -> list[Any]:
    return sorted({cell["connections"][pin][0] for pin in _PINS} - {*_CONSTANTS}, key=str)


def _output(cell: dict[str, Any]) -> Any:
    return cell["connections"]["Z"][0]


def _replace(cells: dict[str, Any], name: str, join: _Join, new_nets: Iterator[int]) -> None:
    old = cells.pop(name)
    for other in join.taken:
        del cells[other]
    nets = {"C0": [join.select], "Z": old["connections"]["Z"]}
    for pin, half in zip(_HALVES, join.halves, strict=True):
        nets[pin] = [next(new_nets)]
        cells[f"{name}${pin}"] = old | {
            "parameters": {"INIT": f"{half.init:016b}"},
            "connections": {"Z": nets[pin], **{
                at: [net] for at, net in zip(_PINS, [*half.nets, *"0000"], strict=False)}}}
    cells[f"{name}$join"] = {
        "hide_name": 1, "type": "PFUMX", "parameters": {}, "attributes": {}, "connections": nets,
        "port_directions": {**dict.fromkeys(("ALUT", "BLUT", "C0"), "input"), "Z": "output"}}
