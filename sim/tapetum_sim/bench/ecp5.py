# SPDX-License-Identifier: Apache-2.0
"""Synthesis, place and route on an LFE5U-85F, out of context, and what came of it."""

import json
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..tools import find_tool
from .carry_ends import without_carry_ends
from .carry_operands import with_operands_in_carries
from .legalisation import name_for_legalisation, plain_name
from .memory_registers import registers_into_memories
from .multiplier_registers import registers_into_multipliers

__all__ = ["DEVICE", "FlowError", "Implementation", "Place", "implement"]

DEVICE = "LFE5U-85F, speed 6"
REQUESTED_MHZ = 125
"""What the placer is asked for: enough above the target that it does not stop at it."""


class FlowError(Exception):
    """A tool refused the design; the message ends with the tail of its log."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Algorithms of nextpnr, as its options name them.

    Parameters
    ----------
    timing_ripup : bool
        Route paths that are too slow once more.
    control_first : bool
        Give control its place before rows of columns: see `name_for_legalisation`.
    inner_registers : bool
        Use the registers inside multipliers and block RAMs: see `registers_into_multipliers` and
        `registers_into_memories`.
    timing_weight : int
        Of slow paths against the length of all wires, for the placer ``heap``; nextpnr's own is 10.
    wide_tables : bool
        Let synthesis join look-up tables by the multiplexers behind them: shallower, more tables.
    """

    placer: str = "heap"
    router: str = "router1"
    timing_ripup: bool = False
    control_first: bool = False
    inner_registers: bool = False
    timing_weight: int = 10
    wide_tables: bool = True


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
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "top.il").write_text(rtlil, encoding="utf-8")
    place = place or Place()
    # Thousands of names of fields only repeat others: without them synthesis takes a third of the
    # time, and does not fail where a field's name looks like a bit of another.
    _run([find_tool("yosys"), "-q", "-l", "yosys.log", "-p",
          "read_rtlil top.il; hierarchy -top top; proc; flatten; opt_clean -purge; "
          f"synth_ecp5 {'' if place.wide_tables else '-nowidelut'} -top top -json top.json"],
         folder, "yosys.log")
    netlist = json.loads((folder / "top.json").read_text(encoding="utf-8"))
    netlist["modules"]["top"] = without_carry_ends(
        with_operands_in_carries(netlist["modules"]["top"]))
    if place.inner_registers:
        netlist["modules"]["top"] = registers_into_memories(
            registers_into_multipliers(netlist["modules"]["top"]))
    if place.control_first:
        netlist["modules"]["top"] = name_for_legalisation(netlist["modules"]["top"], seed)
    (folder / "top.json").write_text(json.dumps(netlist), encoding="utf-8")
    _run([find_tool("nextpnr-ecp5"), "-q", "-l", "nextpnr.log", "--85k", "--speed", "6",
          "--package", "CABGA756", "--out-of-context", "--json", "top.json", "--freq",
          str(REQUESTED_MHZ), "--timing-allow-fail", "--seed", str(seed), "--placer",
          place.placer, "--placer-heap-timingweight", str(place.timing_weight),
          "--router", place.router, "--report", "report.json",
          *(["--tmg-ripup"] if place.timing_ripup else [])], folder, "nextpnr.log")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return _summarise(netlist["modules"]["top"], report)


def _summarise(netlist: dict[str, Any], report: dict[str, Any]) -> Implementation:
    used = {name: entry["used"] for name, entry in report["utilization"].items()}
    made = Implementation(
        lut4=used["TRELLIS_COMB"],
        flip_flops=used["TRELLIS_FF"] - _registers_at_ports(netlist),
        dsp18=used.get("MULT18X18D", 0), block_ram=used.get("DP16KD", 0))
    made.mhz = {_clock(net): round(entry["achieved"], 1) for net, entry in report["fmax"].items()}
    for path in report["critical_paths"]:
        source, sink = path["from"].split(" ")[-1], path["to"].split(" ")[-1]
        if source == sink and _clock(source) in made.mhz:
            made.critical_paths[_clock(source)] = _describe_path(path["path"])
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


def _describe_path(steps: list[dict[str, Any]]) -> dict[str, Any]:
    delay = Counter[str]()
    for step in steps:
        delay["routing" if step["type"] == "routing" else "logic"] += step["delay"]
    nets = [step["net"] for step in steps if step["type"] == "routing"]
    return {
        "begins": _register(steps[0]["from"]["cell"]), "ends": _register(steps[-1]["to"]["cell"]),
        "logic_ns": round(delay["logic"], 2), "routing_ns": round(delay["routing"], 2),
        "levels": len(nets) - 1, "nets": nets,
    }


def _register(cell: str) -> str:
    """The name that the design gave, without what the tools appended."""
    return re.sub(r"_(TRELLIS_|DI|LSR|CE|LUT4|PFUMX|L6MUX|DP16KD|CCU2C).*", "", plain_name(cell))


def _clock(net: str) -> str:
    return net.removeprefix("posedge ").removeprefix("$glbnet$").split("$TRELLIS")[0]


def _run(command: list[str], folder: Path, log: str) -> None:
    result = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)
    if result.returncode != 0:
        written = folder / log
        tail = (written.read_text(errors="replace") if written.exists() else "") + result.stderr
        raise FlowError(f"{Path(command[0]).name} failed with {result.returncode}: "
                        f"{tail.strip()[-600:]}")
