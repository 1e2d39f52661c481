# SPDX-License-Identifier: Apache-2.0
"""Runs a netlist of an iCE40 clock by clock: what synthesis made, not what it was given."""

from collections.abc import Callable
from graphlib import TopologicalSorter
from typing import Any

__all__ = ["Ice40Netlist"]

_ROWS, _ROW_BITS = 256, 16


class Ice40Netlist:
    """Tables, carries, flip-flops and block RAMs; everything starts at 0, or its content.

    Parameters
    ----------
    netlist : dict
        A flat module as yosys writes it.
    """

    def __init__(self, netlist: dict[str, Any]):
        self._ports = {name: port["bits"] for name, port in netlist["ports"].items()}
        bits = {bit for cell in netlist["cells"].values() for nets in cell["connections"].values()
                for bit in nets} | {bit for port in self._ports.values() for bit in port}
        self._place = {"0": 0, "1": 1, "x": 0}
        for bit in sorted(bits - self._place.keys(), key=str):
            self._place[bit] = len(self._place)
        self._levels = [0] * len(self._place)
        self._levels[1] = 1
        cells = [*netlist["cells"].values()]
        self._settle = self._compile_tables(
            [cell for cell in cells if cell["type"] in ("SB_LUT4", "SB_CARRY")])
        self._clocks: dict[int, tuple[Callable, list[_Memory]]] = {}
        flip_flops = [cell for cell in cells if cell["type"].startswith("SB_DFF")]
        memories = [_Memory(cell, self._place) for cell in cells
                    if cell["type"] == "SB_RAM40_4K"]
        known = {"SB_LUT4", "SB_CARRY", "SB_RAM40_4K"}
        assert all(cell["type"] in known for cell in cells if cell not in flip_flops)
        for name in {self._at(cell, "C") for cell in flip_flops}:
            self._clocks[name] = self._compile_clock(
                [cell for cell in flip_flops if self._at(cell, "C") == name]), memories
        self._settle(self._levels)

    def get(self, port: str) -> int:
        return sum(self._levels[self._place[bit]] << place
                   for place, bit in enumerate(self._ports[port]))

    def set(self, port: str, value: int) -> None:
        for place, bit in enumerate(self._ports[port]):
            self._levels[self._place[bit]] = value >> place & 1
        self._settle(self._levels)

    def tick(self, port: str) -> None:
        """A rising edge of this clock."""
        clock = self._place[self._ports[port][0]]
        step, memories = self._clocks[clock]
        updates = [memory.tick(self._levels, clock) for memory in memories]
        step(self._levels)
        for places, values in updates:
            for place, value in zip(places, values, strict=True):
                self._levels[place] = value
        self._settle(self._levels)

    def _at(self, cell: dict[str, Any], pin: str) -> int:
        return self._place[cell["connections"].get(pin, ["0"])[0]]

    def _compile_tables(self, cells: list[dict[str, Any]]) -> Callable:
        made = {self._at(cell, "O" if cell["type"] == "SB_LUT4" else "CO"): cell
                for cell in cells}
        inputs = {place: [self._at(cell, pin) for pin in (
            ("I0", "I1", "I2", "I3") if cell["type"] == "SB_LUT4" else ("I0", "I1", "CI"))]
            for place, cell in made.items()}
        lines = []
        for place in TopologicalSorter({place: [at for at in ats if at in made]
                                        for place, ats in inputs.items()}).static_order():
            terms = [f"n[{at}]" for at in inputs[place]]
            if made[place]["type"] == "SB_CARRY":
                lines.append(f"n[{place}] = {terms[0]} + {terms[1]} + {terms[2]} > 1")
            else:
                table = int(made[place]["parameters"]["LUT_INIT"], 2)
                index = " | ".join(f"{term} << {bit}" for bit, term in enumerate(terms)
                                   if inputs[place][bit])
                lines.append(f"n[{place}] = {table} >> ({index or 0}) & 1")
        return _function(lines)

    def _compile_clock(self, cells: list[dict[str, Any]]) -> Callable:
        """All flip-flops of a clock at once: new levels first, then they take them."""
        values, targets = [], []
        for cell in cells:
            kind, target = cell["type"].removeprefix("SB_DFF"), self._at(cell, "Q")
            value = f"n[{self._at(cell, 'D')}]"
            if "SR" in kind or "SS" in kind:
                pin, level = ("R", 0) if "SR" in kind else ("S", 1)
                value = f"({level} if n[{self._at(cell, pin)}] else {value})"
            if kind.startswith("E"):
                value = f"({value} if n[{self._at(cell, 'E')}] else n[{target}])"
            assert kind in ("", "E", "SR", "SS", "ESR", "ESS"), f"SB_DFF{kind}"
            values.append(value)
            targets.append(f"n[{target}]")
        return _function([f"{', '.join(targets)}, = {', '.join(values)},"])


class _Memory:
    """A block RAM of 256 words of 16 bits, or of more and shorter ones.

    In mode m a word of the host's is every 2**m-th bit of a row; the upper bits of an address say
    where it begins, and its bits are on every 2**m-th pin (cells_sim.v of yosys).
    """

    def __init__(self, cell: dict[str, Any], place: dict[Any, int]):
        parameters = cell["parameters"]
        self._at = {pin: [place[bit] for bit in bits]
                    for pin, bits in cell["connections"].items()}
        self._shares = {side: 1 << int(parameters[f"{side}_MODE"], 2)
                        for side in ("READ", "WRITE")}
        content = "".join(parameters[f"INIT_{row:X}"].replace("x", "0")
                          for row in reversed(range(16)))
        self._rows = [int(content, 2) >> _ROW_BITS * row & 0xFFFF for row in range(_ROWS)]

    def tick(self, levels: list[int], clock: int) -> tuple[list[int], list[int]]:
        """Write, and give the outputs with what they become."""
        def value(pin: str) -> int:
            return sum(levels[at] << bit for bit, at in enumerate(self._at[pin]))

        outputs, found = [], []
        if self._at["RCLK"] == [clock] and value("RCLKE") and value("RE"):
            address, share = value("RADDR"), self._shares["READ"]
            row, first = self._rows[address % _ROWS], address // _ROWS % share
            pins = range((share - 1) // 2, len(self._at["RDATA"]), share)
            outputs = [self._at["RDATA"][pin] for pin in pins]
            found = [row >> (pin - (share - 1) // 2 + first) & 1 for pin in pins]
        if self._at["WCLK"] == [clock] and value("WCLKE") and value("WE"):
            address, share, data = value("WADDR"), self._shares["WRITE"], value("WDATA")
            row, first = self._rows[address % _ROWS], address // _ROWS % share
            for place in range(first, _ROW_BITS, share):
                pin = place - first + (share - 1) // 2
                if share > 1 or not value("MASK") >> place & 1:
                    row = row & ~(1 << place) | (data >> pin & 1) << place
            self._rows[address % _ROWS] = row
        return outputs, found


def _function(lines: list[str]) -> Callable:
    scope: dict[str, Any] = {}
    exec("def run(n):\n  " + "\n  ".join(lines or ["pass"]), scope)
    return scope["run"]
