# SPDX-License-Identifier: Apache-2.0
"""Synthesis, place and route on an LFE5U-85F, out of context, and what came of it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..tools import find_tool
from .process import FlowError, run_tool
from .synthesis import Place, ecp5_command, improve_ecp5, place_options, synthesise
from .timing_report import clock_name, critical_paths

__all__ = ["DEVICE", "FlowError", "Implementation", "Place", "implement"]

DEVICE = "LFE5U-85F, speed 6"
REQUESTED_MHZ = 125
"""What the placer is asked for: enough above the target that it does not stop at it."""


@dataclass(kw_only=True)
class Implementation:
    """A placed and routed design.

    Members
    -------
    mhz : dict
        Highest frequency by clock.
    critical_paths : dict
        By clock: where it begins and ends, nanoseconds of logic and of routing.
    lut4 : int
        LUT sites, those of carries and distributed memory included.
    """

    mhz: dict[str, float] = field(default_factory=dict)
    critical_paths: dict[str, dict[str, Any]] = field(default_factory=dict)
    lut4: int
    flip_flops: int
    dsp18: int
    block_ram: int


def implement(rtlil: str, folder: Path, *, seed: int = 1, place: Place | None = None
              ) -> Implementation:
    """Run yosys and nextpnr in `folder` on a design whose top is ``top``.

    Every port must have a register (`harness_rtlil`), which is not counted.

    Raises
    ------
    FlowError
        If a tool refuses the design.
    UserError
        If a tool is not installed.
    """
    place = place or Place()
    netlist = improve_ecp5(synthesise(rtlil, folder, ecp5_command(place)), place)
    (folder / "top.json").write_text(json.dumps(netlist), encoding="utf-8")
    run_tool([find_tool("nextpnr-ecp5"), "-q", "-l", "nextpnr.log", "--85k", "--speed", "6",
              "--package", "CABGA756", "--out-of-context", "--json", "top.json", "--freq",
              str(REQUESTED_MHZ), "--timing-allow-fail", "--report", "report.json",
              *place_options(place, seed)], folder, "nextpnr.log")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return _summarise(netlist["modules"]["top"], report)


def _summarise(netlist: dict[str, Any], report: dict[str, Any]) -> Implementation:
    used = {name: entry["used"] for name, entry in report["utilization"].items()}
    made = Implementation(
        lut4=used["TRELLIS_COMB"],
        flip_flops=used["TRELLIS_FF"] - _registers_at_ports(netlist),
        dsp18=used.get("MULT18X18D", 0), block_ram=used.get("DP16KD", 0))
    made.mhz = {clock_name(net): round(entry["achieved"], 1)
                for net, entry in report["fmax"].items()}
    made.critical_paths = critical_paths(report)
    return made


def _registers_at_ports(netlist: dict[str, Any]) -> int:
    inputs, outputs = ({bit for port in netlist["ports"].values()
                        if port["direction"] == direction for bit in port["bits"]}
                       for direction in ("input", "output"))
    count = 0
    for cell in netlist["cells"].values():
        if cell["type"] == "TRELLIS_FF":
            nets = cell["connections"]
            count += nets["Q"][0] in outputs or any(
                bit in inputs for pin in ("DI", "M") for bit in nets.get(pin, ()))
    return count
