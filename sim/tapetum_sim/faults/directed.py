# SPDX-License-Identifier: Apache-2.0
"""Faults of the pixel die's side that no state bit stands for: each bond, each row line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapetum.adc.geometry import bond_count, bond_groups
from tapetum.config import DieConfig

from ..frame.run import clocks
from .build import FaultSimulator
from .campaign import DIRECTED, read_results, run_injections
from .outcome import mechanism_names, safety_bits
from .scenario import Scenario, power_up_scenario

__all__ = ["DirectedFault", "bond_faults", "directed_campaign", "row_faults"]

Progress = Callable[[str, float, float], None]

_BROKEN = {"open": "bond_stuck_low", "stuck high": "bond_stuck_high",
           "bridged with its right neighbour": "bond_shorted"}
_LINES = {"stuck low": "row_stuck0", "stuck high": "row_stuck1", "seen by no decoder": "row_alias"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectedFault:
    """One fault of a list that leaves none out; ``what`` is said of it in the report."""

    number: int
    group: str
    what: str
    kind: str
    place: str
    bit: int
    offset_ps: int

    @property
    def line(self) -> str:
        """As the simulator reads it."""
        return f"{self.number} {self.kind} {self.place} 0 {self.bit} {self.offset_ps}"


def bond_faults(config: DieConfig) -> list[DirectedFault]:
    """Every comparator bond and every spare one: open, stuck, bridged; from power-on.

    A spare one that is broken does no harm until it is needed: those are a group of their own.
    """
    order = [bond for number, group in enumerate(bond_groups(config))
             for bond in (*group, config.array.total_columns + number)]
    broken = [(how, port, bond) for how, port in _BROKEN.items()
              for bond in range(bond_count(config))
              if port != "bond_shorted" or bond != order[-1]]
    columns = config.array.total_columns
    return [DirectedFault(
        number=number, kind="input", place=port, bit=bond, offset_ps=0,
        group="bonds" if bond < columns or port == "bond_shorted" else "spare bonds",
        what=f"bond {bond} {how}" if bond < columns else f"spare bond {bond - columns} {how}")
        for number, (how, port, bond) in enumerate(broken)]


def row_faults(config: DieConfig, scenario: Scenario) -> list[DirectedFault]:
    """Every line of the row's number: stuck, and blind, so that two rows are selected at once."""
    lines = (config.array.total_rows - 1).bit_length()
    return [DirectedFault(number=number, group="rows", what=f"row line {line} {how}", kind=kind,
                          place=str(line), bit=line, offset_ps=scenario.window_ps // 2)
            for number, (how, kind, line) in enumerate(
                (how, kind, line) for how, kind in _LINES.items() for line in range(lines))]


def directed_campaign(config: DieConfig, simulator: FaultSimulator, scenario: Scenario, out: Path,
                      *, jobs: int = 2,
                      progress: Progress = lambda text, done, total: None) -> list[dict[str, Any]]:
    """Run both lists; return a summary of each, with what remained undetected."""
    starting = power_up_scenario(config, out / DIRECTED / "power-up")
    runs = [(bond_faults(config), starting, out / DIRECTED / "power-up"),
            (row_faults(config, scenario), scenario, out / "scenario")]
    return [_run([fault for fault in faults if fault.group == group], config, simulator, times,
                 folder, out / DIRECTED / group.replace(" ", "-"), jobs, progress)
            for faults, times, folder in runs
            for group in dict.fromkeys(fault.group for fault in faults)]


def _run(faults: Sequence[DirectedFault], config: DieConfig, simulator: FaultSimulator,
         scenario: Scenario, folder: Path, results: Path, jobs: int, progress: Progress
         ) -> dict[str, Any]:
    group = faults[0].group
    results.mkdir(parents=True, exist_ok=True)
    run_injections(simulator, folder, clocks(config), faults, results, jobs=jobs,
                   progress=progress)
    told = {line["number"]: line for line in read_results(results)}
    lines = [(fault, told[fault.number]) for fault in faults if fault.number in told]
    detected = [line for _, line in lines if line["detected_ps"] is not None]
    safety = safety_bits(config)
    mechanisms = {name for line in detected
                  for name in mechanism_names(line["mechanisms"], line["found"], safety)}
    return {
        "name": group, "injections": len(lines), "detected": len(detected),
        "by": sorted(mechanisms),
        "undetected": [fault.what for fault, line in lines if line["detected_ps"] is None],
        "detection_frames_max": max((line["detected_ps"] / scenario.frame_ps
                                     for line in detected), default=None),
        "pin_rows_max": max(((line["error_ps"] - line["detected_ps"]) / scenario.row_ps
                             for line in detected if line["error_ps"] is not None), default=None),
        "pin_raised": sum(line["error_ps"] is not None for line in detected),
    }
