# SPDX-License-Identifier: Apache-2.0
"""Frequency and area of each room of the die, placed and routed on its own."""

import dataclasses
import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from amaranth.hdl import UnusedElaboratable
from amaranth.lib.wiring import Component

from tapetum.config import DieConfig
from tapetum.die import Die
from tapetum.npu.engine import Engine
from tapetum.npu.npu_config import NpuConfig

from ..provenance import package_versions, revision
from .array_floorplan import array_floorplan
from .ecp5 import DEVICE, FlowError, Place, implement
from .harness import harness_rtlil

__all__ = ["BLOCKS", "ROOMS", "TARGET_MHZ", "Room", "bench_rooms"]

TARGET_MHZ = 100
SMALL = Place(wide_tables=False)
"""Where there is time to spare."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """How a room, or a block of one, is placed by itself.

    Parameters
    ----------
    domains : mapping
        Clock domain by name of a port, of those that are not of ``sync``; None of clocks and of
        what else is to reach the room as it is.
    place : Place
        With which of nextpnr's placers and routers.
    make : function
        Makes it, where it is no part of the die that a preset describes.
    """

    domains: Mapping[str, str | None] = field(default_factory=dict)
    place: Place = field(default_factory=Place)
    make: Callable[[DieConfig], Component] | None = None


ROOMS = {
    "readout": Room(),
    "correct": Room(place=SMALL),
    "stats": Room(),
    "hdr": Room(),
    "compander": Room(),
    "selector": Room(),
    "csi2": Room(domains={"phy": "byte", "packet_bytes": "byte", "packet_strobe": "byte"}),
    "control": Room(),
    "cci": Room(place=SMALL),
    "spi": Room(domains=dict.fromkeys(("clock", "select", "data_in", "data_out")), place=SMALL),
    "safety": Room(),
    "vision": Room(),
    "npu": Room(make=lambda config: Engine(NpuConfig()),
                # The default router takes hours between so many multipliers.
                place=Place(router="router2", inner_registers=True, timing_weight=30,
                            wide_tables=False, joined_tables=True, floorplan=array_floorplan)),
    "adc": Room(domains={"ramp_code": "adc", "ramp_active": "adc", "comparators": "adc",
                         "bond_pattern": "adc", "bond_map_load": "adc", "bond_map": "adc"}),
}
"""Rooms, the one that takes longest last."""
BLOCKS = {name: Room(place=SMALL if name.startswith("correct") else Place()) for name in (
    "correct.fixed_pattern", "correct.fixed_pattern.column",
    "correct.fixed_pattern.black_subtract", "correct.fixed_pattern.black_level",
    "correct.fixed_pattern.row_noise", "correct.digital_gain", "correct.lens_shading",
    "correct.defects", "stats.histogram", "stats.auto_exposure")}
"""Blocks of rooms, by the path of attributes from the die."""


def bench_rooms(config: DieConfig, rooms: Sequence[str], out: Path,
                progress: Callable[[str, float, float], None] = lambda text, done, total: None
                ) -> dict[str, Any]:
    """Implement `rooms`, or blocks of them, and write ``fpga.json`` into `out` after each.

    Results of other rooms that the file holds for the same preset are kept. A room that fails is
    recorded with its error and does not stop the others.
    """
    # Of each die only one room is elaborated.
    warnings.filterwarnings("ignore", category=UnusedElaboratable)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "fpga.json"
    report = _previous(path, config)
    for index, room in enumerate(rooms):
        progress(f"placing and routing {room}", index, len(rooms))
        report["rooms"][room] = _bench(config, room, out / "fpga" / room)
        report["rooms"] = {name: report["rooms"][name] for name in (*ROOMS, *BLOCKS)
                           if name in report["rooms"]}
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _previous(path: Path, config: DieConfig) -> dict[str, Any]:
    rooms, same = {}, {"preset": config.name, "lanes": config.lanes}
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        if all(before.get(name) == value for name, value in same.items()):
            rooms = before["rooms"]
    return {**same, "device": DEVICE, "target_mhz": TARGET_MHZ, "versions": package_versions(),
            "rooms": rooms}


def _bench(config: DieConfig, name: str, folder: Path) -> dict[str, Any]:
    started = time.perf_counter()
    room = (ROOMS | BLOCKS)[name]
    result: dict[str, Any] = {"error": None, "revision": revision(),
                              "placer": room.place.placer, "router": room.place.router}
    try:
        component = room.make(config) if room.make else attrgetter(name)(Die(config))
        text = harness_rtlil(component,
                             lambda port: room.domains.get(port, "sync"),
                             ("sync", *sorted({name for name in room.domains.values() if name})))
        made = implement(text, folder, place=room.place)
        result |= dataclasses.asdict(made)
        result["margin"] = {clock: round(mhz / TARGET_MHZ - 1, 3)
                            for clock, mhz in made.mhz.items()}
    except FlowError as error:
        result["error"] = str(error)
    result["wall_s"] = round(time.perf_counter() - started, 1)
    return result
