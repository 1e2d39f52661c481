# SPDX-License-Identifier: Apache-2.0
"""Where signals pass from one clock to another, found in a netlist."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["CROSSING_SCRIPT", "Crossing", "find_crossings"]

CROSSING_SCRIPT = ("proc; flatten; opt_clean; memory_collect; opt_expr; "
                   "setattr -unset src; write_json netlist.json")
"""What yosys does to a design before `find_crossings` reads it: registers and memories keep the
names that the design gave them."""
_CLOCKED = {"$dff", "$dffe", "$sdff", "$sdffe", "$sdffce", "$adff", "$adffe", "$aldff"}
_DATA_PINS = ("D", "EN", "SRST")
_NUMBER = re.compile(r"\$\d+")
"""What Amaranth appends where a name is taken."""
_MEMORIES = {"$mem", "$mem_v2"}
_BITWISE = {"$and", "$or", "$xor", "$xnor", "$not", "$mux"}
"""Whose bits have nothing to do with each other."""


@dataclass(frozen=True, order=True)
class Crossing:
    """A register of one clock whose next value depends on a register of another.

    Members
    -------
    source, target : str
        Clocks, by the names of their nets.
    register : str
        The one that is reached, by its path in the design.
    """

    source: str
    target: str
    register: str


def find_crossings(netlist: dict[str, Any]) -> set[Crossing]:
    """Every crossing of a flat module, as yosys writes it after `CROSSING_SCRIPT`.

    A clock is known by the net that arrives at the pin. Asynchronous resets are no data.
    """
    names, registers = _clock_names(netlist), _register_names(netlist)
    cells = netlist["cells"].values()
    edges: dict[Any, list[Any]] = defaultdict(list)
    for place, cell in enumerate(cells):
        for reader, made in _edges(cell, place):
            edges[reader].append(made)
    ends = [end for name, cell in netlist["cells"].items()
            for end in _ends(cell, names, registers.get(name, ""))]
    begins: dict[str, set[Any]] = defaultdict(set)
    for clock, bits in (begin for cell in cells for begin in _begins(cell, names)):
        begins[clock].update(bits)
    crossings = set()
    for source, bits in begins.items():
        reached = _reached(bits, edges)
        crossings |= {Crossing(source, clock, register) for clock, data, register in ends
                      if clock != source and not reached.isdisjoint(data)}
    return crossings


def _reached(bits: set[Any], edges: dict[Any, list[Any]]) -> set[Any]:
    """Nets that depend on `bits` without a register between."""
    reached, waiting = set(bits), list(bits)
    while waiting:
        for made in edges.get(waiting.pop(), ()):
            if made not in reached:
                reached.add(made)
                waiting.append(made)
    return reached


def _edges(cell: dict[str, Any], place: int) -> Iterator[tuple[Any, Any]]:
    """From each input of a gate to the outputs that depend on it, or to a node between them."""
    pins, kind, directions = cell["connections"], cell["type"], cell["port_directions"]
    if kind in _CLOCKED:
        return
    if kind in _MEMORIES:
        width, address = _sizes(cell)
        for port in range(len(pins["RD_CLK"])):
            if not _is_clocked(cell, port):
                node = place, port
                yield from ((bit, node)
                            for bit in pins["RD_ADDR"][port * address:(port + 1) * address])
                yield from ((node, bit)
                            for bit in pins["RD_DATA"][port * width:(port + 1) * width])
        return
    across = [pin for pin in pins if directions[pin] == "input"
              and not (kind in _BITWISE and pin in ("A", "B"))]
    for pin in ("A", "B"):
        if pin in pins and pin not in across:
            yield from zip(pins[pin], pins["Y"], strict=False)
    for pin in pins:
        if pin in across:
            yield from ((bit, (place, 0)) for bit in pins[pin])
        elif directions[pin] == "output":
            yield from (((place, 0), bit) for bit in pins[pin])


def _begins(cell: dict[str, Any], names: dict[Any, str]) -> Iterator[tuple[str, list[Any]]]:
    """Clock and outputs of what keeps its value."""
    pins = cell["connections"]
    if cell["type"] in _CLOCKED:
        yield names[pins["CLK"][0]], pins["Q"]
    elif cell["type"] in _MEMORIES:
        width, _ = _sizes(cell)
        for port, clock in enumerate(pins["RD_CLK"]):
            read = pins["RD_DATA"][port * width:(port + 1) * width]
            for keeper in [clock] if _is_clocked(cell, port) else pins["WR_CLK"]:
                yield names[keeper], read


def _ends(cell: dict[str, Any], names: dict[Any, str], register: str
          ) -> Iterator[tuple[str, list[Any], str]]:
    """Clock, data and name of what keeps what it is given."""
    pins = cell["connections"]
    if cell["type"] in _CLOCKED:
        data = [bit for pin in _DATA_PINS for bit in pins.get(pin, [])]
        yield names[pins["CLK"][0]], data, register
    elif cell["type"] in _MEMORIES:
        name = _NUMBER.sub("", cell["parameters"]["MEMID"].lstrip("\\"))
        width, address = _sizes(cell)
        for port, clock in enumerate(pins["WR_CLK"]):
            yield names[clock], [
                *pins["WR_ADDR"][port * address:(port + 1) * address],
                *pins["WR_DATA"][port * width:(port + 1) * width],
                *pins["WR_EN"][port * width:(port + 1) * width]], name
        for port, clock in enumerate(pins["RD_CLK"]):
            if _is_clocked(cell, port):
                yield names[clock], [*pins["RD_ADDR"][port * address:(port + 1) * address],
                                     pins["RD_EN"][port]], name


def _sizes(memory: dict[str, Any]) -> tuple[int, int]:
    """Bits of a word and of an address."""
    return int(memory["parameters"]["WIDTH"], 2), int(memory["parameters"]["ABITS"], 2)


def _is_clocked(memory: dict[str, Any], port: int) -> bool:
    return memory["parameters"]["RD_CLK_ENABLE"][::-1][port] == "1"


def _clock_names(netlist: dict[str, Any]) -> dict[Any, str]:
    """Name of each bit: a port's if it has one, else the shortest that the design gave it."""
    found: dict[Any, tuple[bool, int, int, str]] = {}
    for name, net in netlist["netnames"].items():
        order = name not in netlist["ports"], net.get("hide_name", 0), len(name), name
        for bit in net["bits"]:
            found[bit] = min(found.get(bit, order), order)
    return {bit: name for bit, (*_, name) in found.items()}


def _register_names(netlist: dict[str, Any]) -> dict[str, str]:
    """By cell: the part of the design that the register is in, and its name there."""
    nets: dict[Any, list[str]] = defaultdict(list)
    for name, net in netlist["netnames"].items():
        for bit in net["bits"][:1]:
            nets[bit].append(_NUMBER.sub("", name))
    found = {}
    for name, cell in netlist["cells"].items():
        if cell["type"] in _CLOCKED:
            # "$flatten\\adc.\\sequencer.$procdff$12"
            path = _NUMBER.sub("", name.removeprefix("$flatten").replace("\\", "")
                               .rpartition(".$")[0])
            inside = [net for net in nets[cell["connections"]["Q"][0]]
                      if net.rpartition(".")[0] == path]
            found[name] = min(inside, key=len) if inside else path
    return found
