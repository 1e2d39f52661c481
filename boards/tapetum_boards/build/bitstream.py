# SPDX-License-Identifier: Apache-2.0
"""Synthesis once, then seed after seed until every clock is fast enough."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from tapetum_sim.bench.machine import describe_machine
from tapetum_sim.bench.process import run_tool
from tapetum_sim.bench.synthesis import ecp5_command, improve_ecp5, place_options, synthesise
from tapetum_sim.bench.timing_report import clock_name, critical_paths
from tapetum_sim.errors import UserError
from tapetum_sim.output import check_folder
from tapetum_sim.provenance import package_versions, revision
from tapetum_sim.tools import find_tool

from ..configurations import check_preset, with_board_timing, with_cells
from ..platforms.catalogue import Board, board_named
from ..whole_die import BITSTREAM_CELLS
from .alone import compare_with_alone
from .congestion import Congestion, NoWaysError
from .project import Project, elaborate
from .rooms import area_by_room

__all__ = ["bitstream_path", "build_board"]

ICE40_COMMAND = "synth_ice40 -abc9 -device u -dsp -top top"
_UNITS = {
    "lut4": ("TRELLIS_COMB", "ICESTORM_LC"), "flip_flops": ("TRELLIS_FF",),
    "dsp": ("MULT18X18D", "ICESTORM_DSP"), "block_ram": ("DP16KD", "ICESTORM_RAM"),
}
"""Names that nextpnr gives to what a device has; of an iCE40, whose cells hold a table and a
flip-flop each, the number of cells."""

Progress = Callable[[str, float, float], None]


def bitstream_path(name: str, out: Path) -> Path:
    """Where `build_board` leaves what goes onto the board."""
    suffix = "bin" if board_named(name).device.family == "ice40" else "bit"
    return out / name / f"top.{suffix}"


def build_board(name: str, out: Path, *, seeds: Iterable[int], preset: str | None = None,
                cells: int | None = None, check_rooms: bool = False,
                progress: Progress = lambda text, done, total: None) -> dict[str, Any]:
    """Make ``report.json`` and, once timing is met, a bitstream in the folder `out` / `name`.

    A design that is larger than the device is not placed.

    Synthesis and seeds that are already there for the same sources are not made again.

    Parameters
    ----------
    preset : str, optional
        Of a whole die, if not that of the catalogue.
    cells : int, optional
        Of the array, if not as many as in the catalogue; 0 for none.

    Raises
    ------
    FlowError
        If a tool refuses the design.
    UserError
        If the board is unknown, a tool is missing, or the folder cannot be written.
    """
    board, folder = board_named(name), out / name
    if preset is not None:
        check_preset(preset)
    for asked, option, reason in (
            (check_rooms, "--check-rooms", "which cannot be compared"),
            (preset, "--preset", "which no preset describes"),
            (cells is not None, "--cells", "which have no array")):
        if asked and not board.whole_die:
            raise UserError(f"{name} has only parts of rooms, {reason}; leave out {option}.")
    if preset or cells is not None:
        board = _with_configuration(board, preset, cells)
    for tool in ("yosys", *board.programs):
        find_tool(tool)
    check_folder(folder)
    for left in (bitstream_path(name, out), folder / "report.json"):
        left.unlink(missing_ok=True)
    progress(f"{name}, elaborating", 0, 0)
    project = elaborate(name, board)
    started = time.perf_counter()
    netlist = synthesise(project.rtlil, folder, _command(board), reuse=True,
                         watch=lambda: progress(f"{name}, synthesis: "
                                                f"{_last_line(folder / 'yosys.log')}", 0, 0))
    report: dict[str, Any] = {
        "board": name, "device": board.device.name, "preset": board.configuration().name,
        "cells": (array := board.configuration().npu) and array.cells,
        "timing_met": False, "too_large": {}, "seed": None, "clocks": {}, "used": {},
        "rooms": {}, "compared": {}, "critical_paths": {}, "seeds": {},
        "synthesis_s": round(time.perf_counter() - started, 1),
        "revision": revision(), "versions": package_versions(), "machine": describe_machine(),
        "bitstream": None,
    }
    if board.device.family == "ecp5":
        netlist = improve_ecp5(netlist, board.place)
    report["rooms"] = area_by_room(netlist["modules"]["top"])
    if check_rooms:
        report["compared"] = compare_with_alone(
            report["rooms"], board.configuration(), folder / "rooms", board.place,
            lambda room: progress(f"{name}, {room} alone: "
                                  f"{_last_line(folder / 'rooms' / room / 'yosys.log')}", 0, 0))
    report["too_large"] = _too_large(report["rooms"], board)
    if report["too_large"]:
        _write(folder / "report.json", report)
        return report
    for file, text in project.constraints.items():
        (folder / file).write_text(text, encoding="utf-8")
    for seed in seeds:
        placed = _place(name, board, project, netlist, folder, seed, progress)
        report["seeds"][seed] = {"mhz": {clock: entry["mhz"]
                                         for clock, entry in placed["clocks"].items()},
                                 "timing_met": placed["timing_met"], "wall_s": placed["wall_s"],
                                 "overused": placed["overused"]}
        if placed["timing_met"] or not report["clocks"]:
            report |= placed | {"seed": seed}
        _write(folder / "report.json", report)
        if placed["timing_met"]:
            _pack(name, project, folder, seed, progress)
            report["bitstream"] = str(bitstream_path(name, out))
            _write(folder / "report.json", report)
            break
    return report


def _with_configuration(board: Board, preset: str | None, cells: int | None) -> Board:
    config = with_cells(with_board_timing(preset or board.configuration().name),
                        BITSTREAM_CELLS if cells is None else cells)
    return replace(board, configuration=lambda: config,
                   place=replace(board.place, crowded=config.npu is not None))


def _too_large(rooms: dict[str, dict[str, int]], board: Board) -> dict[str, dict[str, int]]:
    """Of what all rooms together need more than the device has."""
    found = {}
    for what in _UNITS:
        needed, available = sum(area[what] for area in rooms.values()), getattr(board.device, what)
        if needed > available:
            found[what] = {"needed": needed, "available": available}
    return found


def _command(board: Board) -> str:
    return ecp5_command(board.place) if board.device.family == "ecp5" else ICE40_COMMAND


def _place(name: str, board: Board, project: Project, netlist: dict[str, Any], folder: Path,
           seed: int, progress: Progress) -> dict[str, Any]:
    """Place and route with one seed, unless that has been done."""
    program = project.tool("nextpnr")
    text, kept = json.dumps(netlist), folder / f"seed_{seed}.json"
    options = _options(board, project, seed)
    digest = sha256("\n".join([text, *options, *project.constraints.values(),
                               str(package_versions()[f"yowasp-{program}"])]).encode()).hexdigest()
    if (found := _kept(kept)) and found.pop("of", None) == digest:
        return found
    kept.unlink(missing_ok=True)  # nextpnr, ended early, may leave another design's place beside it
    (folder / "top.json").write_text(text, encoding="utf-8")
    log, started = f"seed_{seed}.log", time.perf_counter()
    congestion = Congestion(folder / log)

    def watch() -> None:
        congestion.watch()
        progress(f"{name}, seed {seed}: {_last_line(folder / log)}", 0, 0)

    written = folder / f"seed_{seed}.nextpnr.json"
    try:
        run_tool([find_tool(program), *options], folder, log, watch)
        found = _judge(json.loads(written.read_text(encoding="utf-8"))) | {"overused": 0}
    except NoWaysError:
        found = {"timing_met": False, "clocks": {}, "used": {}, "critical_paths": {},
                 "overused": congestion.overused}
    found["wall_s"] = round(time.perf_counter() - started, 1)
    _write(kept, found | {"of": digest})
    return found


def _kept(path: Path) -> dict[str, Any]:
    """What an earlier run found; nothing if that is missing, or was cut off as it was written."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def _options(board: Board, project: Project, seed: int) -> list[str]:
    """Those of the platform, with files of this seed, and those of the board."""
    files = {"top.tim": f"seed_{seed}.log", "top.config": f"seed_{seed}.config",
             "top.asc": f"seed_{seed}.asc"}
    given = [files.get(option, option) for option in project.tools[project.tool("nextpnr")]]
    own = (place_options(board.place, seed) if board.device.family == "ecp5"
           else ["--seed", str(seed), "--tmg-ripup", "--opt-timing"])
    return [*given, *own, "--timing-allow-fail", "--report", f"seed_{seed}.nextpnr.json"]


def _judge(report: dict[str, Any]) -> dict[str, Any]:
    """Frequencies against constraints, and what is used of the device."""
    clocks = {clock_name(net): {
        "mhz": round(entry["achieved"], 1), "constraint_mhz": round(entry["constraint"], 2),
        "met": entry["achieved"] >= entry["constraint"]}
        for net, entry in report["fmax"].items()}
    used = {}
    for what, names in _UNITS.items():
        found = [report["utilization"][unit] for unit in names if unit in report["utilization"]]
        if found:
            used[what] = {"used": found[0]["used"], "available": found[0]["available"]}
    return {"timing_met": bool(clocks) and all(clock["met"] for clock in clocks.values()),
            "clocks": clocks, "used": used, "critical_paths": critical_paths(report)}


def _pack(name: str, project: Project, folder: Path, seed: int, progress: Progress) -> None:
    program = next(tool for tool in project.tools if tool.endswith("pack"))
    progress(f"{name}, packing", 0, 0)
    options = [option.replace("top.config", f"seed_{seed}.config").replace(
        "top.asc", f"seed_{seed}.asc") for option in project.tools[program]]
    run_tool([find_tool(program), *options], folder, "pack.log")


def _last_line(log: Path) -> str:
    """What a tool is doing, by the end of its log."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 2000))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.strip()[:60] for line in reversed(lines) if line.strip()), "")


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
