# SPDX-License-Identifier: Apache-2.0
"""Frequency and area of each room of the die, placed and routed on its own."""

import dataclasses
import json
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from amaranth.hdl import UnusedElaboratable

from tapetum.config import DieConfig
from tapetum.die import Die

from ..provenance import package_versions, revision
from .ecp5 import DEVICE, FlowError, implement
from .harness import harness_rtlil

__all__ = ["ROOMS", "TARGET_MHZ", "bench_rooms"]

TARGET_MHZ = 100

ROOMS: dict[str, dict[str, str]] = {
    "readout": {},
    "correct": {},
    "hdr": {},
    "compander": {},
    "selector": {},
    "csi2": {"phy": "byte", "packet_bytes": "byte", "packet_strobe": "byte"},
    "control": {},
    "adc": {"ramp_code": "adc", "ramp_active": "adc", "comparators": "adc",
            "bond_pattern": "adc", "bond_map_load": "adc", "bond_map": "adc"},
}
"""Rooms, the one that takes longest last; ports of each that are not of ``sync``."""


def bench_rooms(config: DieConfig, rooms: Sequence[str], out: Path,
                progress: Callable[[str, float, float], None] = lambda text, done, total: None
                ) -> dict[str, Any]:
    """Implement `rooms` and write ``fpga.json`` into `out` after each of them.

    Results of other rooms that the file holds for the same preset are kept. A room that fails is
    recorded with its error and does not stop the others.
    """
    # Of each die only one room is elaborated.
    warnings.filterwarnings("ignore", category=UnusedElaboratable)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "fpga.json"
    report = _previous(path, config.name)
    for index, room in enumerate(rooms):
        progress(f"placing and routing {room}", index, len(rooms))
        report["rooms"][room] = _bench(config, room, out / "fpga" / room)
        report["rooms"] = {name: report["rooms"][name] for name in ROOMS if name in report["rooms"]}
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _previous(path: Path, preset: str) -> dict[str, Any]:
    rooms = {}
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        rooms = before["rooms"] if before["preset"] == preset else {}
    return {"preset": preset, "device": DEVICE, "target_mhz": TARGET_MHZ,
            "versions": package_versions(), "rooms": rooms}


def _bench(config: DieConfig, room: str, folder: Path) -> dict[str, Any]:
    started = time.perf_counter()
    domain_by_port = ROOMS[room]
    result: dict[str, Any] = {"error": None, "revision": revision()}
    try:
        text = harness_rtlil(getattr(Die(config), room),
                             lambda port: domain_by_port.get(port, "sync"),
                             ("sync", *sorted(set(domain_by_port.values()))))
        made = implement(text, folder)
        result |= dataclasses.asdict(made)
        result["margin"] = {clock: round(mhz / TARGET_MHZ - 1, 3)
                            for clock, mhz in made.mhz.items()}
    except FlowError as error:
        result["error"] = str(error)
    result["wall_s"] = round(time.perf_counter() - started, 1)
    return result
