# SPDX-License-Identifier: Apache-2.0
"""Moves registers around a multiplier into it."""

from typing import Any

from .netlist import Loads, copied_cells, is_plain_register, loads_of, take_registers_behind

__all__ = ["registers_into_multipliers"]

_INPUTS = {"INPUTA": [f"A{bit}" for bit in range(18)], "INPUTB": [f"B{bit}" for bit in range(18)]}
_OUTPUTS = [f"P{bit}" for bit in range(36)]


def registers_into_multipliers(netlist: dict[str, Any]) -> dict[str, Any]:
    """The same netlist, its multipliers with the registers that they have inside (MULT18X18D).

    yosys leaves all registers in slices, and nextpnr puts them where the adders behind them are:
    wires half across the device on both sides of every multiplier. Moved are whole operands and
    whole products whose registers have one clock, neither enable nor reset, and start at 0. Of the
    operands both or neither: nextpnr times a multiplier with a register at one of them as one that
    has none. A register that something else reads stays as well.

    Parameters
    ----------
    netlist : dict
        A module as yosys writes it for an ECP5.
    """
    cells = copied_cells(netlist)
    registers = {cell["connections"]["Q"][0]: name for name, cell in cells.items()
                 if is_plain_register(cell)}
    loads = loads_of(netlist, cells)
    for name in [name for name, cell in cells.items() if cell["type"] == "MULT18X18D"]:
        held = {operand: _registers_of(cells, name, pins, registers)
                for operand, pins in _INPUTS.items()}
        clocks = {cells[register]["connections"]["CLK"][0]
                  for names in held.values() for register in names.values()}
        if all(held.values()) and len(clocks) == 1:
            clock = clocks.pop()
            for operand, names in held.items():
                _use(cells[name], operand, clock)
                _move_operand(cells, name, _INPUTS[operand], names, loads)
        take_registers_behind(cells, name, _OUTPUTS, loads,
                              lambda clock, cell=cells[name]: _use(cell, "OUTPUT", clock))
    return netlist | {"cells": cells}


def _registers_of(cells: dict[str, Any], multiplier: str, pins: list[str],
                  registers: dict[Any, str]) -> dict[Any, str]:
    """Of an operand, by the bit that each drives; none if a bit has no register.

    One that another multiplier has taken behind it is none any more.
    """
    wanted = {cells[multiplier]["connections"][pin][0] for pin in pins} - {"0", "x"}
    found = {bit: registers[bit] for bit in wanted if registers.get(bit) in cells}
    return found if len(found) == len(wanted) else {}


def _move_operand(cells: dict[str, Any], own: str, pins: list[str], names: dict[Any, str],
                  loads: Loads) -> None:
    multiplier = cells[own]
    for pin in pins:
        bit = multiplier["connections"][pin][0]
        if bit in names:
            source = cells[names[bit]]["connections"]["DI"][0]
            multiplier["connections"][pin] = [source]
            loads[bit].discard((own, pin))
            loads[source].add((own, pin))
    for bit, name in names.items():
        if not loads[bit]:
            loads[cells[name]["connections"]["DI"][0]].discard((name, "DI"))
            del cells[name]


def _use(multiplier: dict[str, Any], stage: str, clock: Any) -> bool:
    """Switch a stage of registers on; false where the multiplier's clock is another."""
    pins = multiplier["connections"]
    if pins.setdefault("CLK0", [clock]) != [clock]:
        return False
    pins |= {"CE0": ["1"], "RST0": ["0"]}
    multiplier["port_directions"] = multiplier["port_directions"] | dict.fromkeys(
        ("CLK0", "CE0", "RST0"), "input")
    multiplier["parameters"] |= {f"REG_{stage}_CLK": "CLK0", f"REG_{stage}_CE": "CE0",
                                 f"REG_{stage}_RST": "RST0"}
    return True
