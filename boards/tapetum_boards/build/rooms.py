# SPDX-License-Identifier: Apache-2.0
"""How many cells each room has in a flat netlist."""

from collections import Counter, defaultdict
from typing import Any

__all__ = ["area_by_room", "room_of"]

_SITES = {
    # An LFE5U: a carry fills the two tables of a slice, distributed memory four and two beside.
    "LUT4": {"lut4": 1}, "CCU2C": {"lut4": 2}, "TRELLIS_DPR16X4": {"lut4": 6},
    "TRELLIS_FF": {"flip_flops": 1}, "MULT18X18D": {"dsp": 1}, "DP16KD": {"block_ram": 1},
    # An iCE40, whose flip-flops are called SB_DFF and more letters.
    "SB_LUT4": {"lut4": 1}, "SB_MAC16": {"dsp": 1}, "SB_RAM40_4K": {"block_ram": 1},
}


def room_of(name: str) -> str:
    """Room of a cell by its path: one of the die, or a part of the board around it."""
    path = [part.partition("$")[0] for part in name.split(".")]
    if path[0] != "core" or len(path) < 3:
        return "board"
    return path[2] if path[1] == "die" and len(path) > 3 else path[1]


def area_by_room(netlist: dict[str, Any]) -> dict[str, dict[str, int]]:
    """LUT4 sites, flip-flops, multipliers and block RAMs by room, the largest room first.

    A table that was made from logic of two rooms counts in the one whose register it serves.

    Parameters
    ----------
    netlist : dict
        A flat module as yosys writes it, its cells named after the registers that they drive.
    """
    rooms: dict[str, Counter[str]] = defaultdict(Counter)
    for name, cell in netlist["cells"].items():
        kind = cell["type"]
        sites = {"flip_flops": 1} if kind.startswith("SB_DFF") else _SITES.get(kind)
        if sites:
            rooms[room_of(name)].update(sites)
    order = sorted(rooms, key=lambda room: -rooms[room]["lut4"])
    return {room: {key: rooms[room][key]
                   for key in ("lut4", "flip_flops", "dsp", "block_ram")} for room in order}
