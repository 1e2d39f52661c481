# SPDX-License-Identifier: Apache-2.0
"""Rooms of the die synthesised alone: what a board's netlist should hold of each."""

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

from amaranth.lib.wiring import Component

from tapetum.config import DieConfig
from tapetum.die import Die
from tapetum_sim.bench.harness import harness_rtlil
from tapetum_sim.bench.rooms import ROOMS
from tapetum_sim.bench.synthesis import Place, ecp5_command, improve_ecp5, synthesise

from .rooms import area_by_room

__all__ = ["LARGEST_DIFFERENCE", "compare_with_alone", "tables_alone"]

LARGEST_DIFFERENCE = 0.2
"""Of the tables of a room; of more than that a part has been optimised away, or doubled."""


def tables_alone(config: DieConfig, room: str, folder: Path, place: Place,
                 watch: Callable[[], None] = lambda: None) -> int:
    """LUT4 sites of a room with a register at every port."""
    component: Component = attrgetter(room)(Die(config))
    domains = ROOMS[room].domains
    text = harness_rtlil(component, lambda port: domains.get(port, "sync"),
                         ("sync", *sorted({name for name in domains.values() if name})))
    netlist = improve_ecp5(synthesise(text, folder, ecp5_command(place), reuse=True, watch=watch),
                           place)
    areas = area_by_room(netlist["modules"]["top"])
    return sum(area["lut4"] for area in areas.values())


def compare_with_alone(rooms: dict[str, dict[str, int]], config: DieConfig, folder: Path,
                       place: Place, progress: Callable[[str], None] = lambda room: None
                       ) -> dict[str, dict[str, Any]]:
    """For each room of the die: tables in the board's netlist over those of the room alone.

    ``same`` is whether they differ by no more than `LARGEST_DIFFERENCE`.
    """
    found = {}
    for room in ROOMS:
        if room not in rooms:
            continue
        alone = tables_alone(config, room, folder / room, place, partial(progress, room))
        share = rooms[room]["lut4"] / alone
        found[room] = {"alone": alone, "share": round(share, 3),
                       "same": abs(share - 1) <= LARGEST_DIFFERENCE}
    return found
