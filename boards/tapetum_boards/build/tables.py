# SPDX-License-Identifier: Apache-2.0
"""A board's report as tables for a terminal."""

from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table

__all__ = ["HEADINGS", "build_tables"]

HEADINGS = {"lut4": "LUT4", "flip_flops": "FF", "dsp": "DSP", "block_ram": "block RAM"}


def build_tables(report: dict[str, Any]) -> Group:
    """Clocks against their constraints if it was placed, and rooms against the device."""
    rooms = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    rooms.add_column("room", style="bold")
    for heading in HEADINGS.values():
        rooms.add_column(heading, justify="right")
    for room, area in report["rooms"].items():
        rooms.add_row(room, *(f"{area[key]:,}" if area[key] else "" for key in HEADINGS))
    if not report["clocks"]:
        return Group(rooms)
    rooms.add_section()
    rooms.add_row("placed, of the device", *(_share(report["used"].get(key)) for key in HEADINGS))
    return Group(_clocks(report), rooms)


def _clocks(report: dict[str, Any]) -> Table:
    clocks = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left",
                   caption=f"{report['board']}, {report['device']}, seed {report['seed']}, "
                   f"{report['wall_s'] / 60:.1f} minutes to place and route, "
                   f"{report['synthesis_s'] / 60:.1f} to synthesise")
    clocks.add_column("clock", style="bold")
    for heading in ("MHz", "constraint", "met"):
        clocks.add_column(heading, justify="right")
    for clock, entry in report["clocks"].items():
        clocks.add_row(clock, f"{entry['mhz']:.1f}", f"{entry['constraint_mhz']:.1f}",
                       "[green]yes[/]" if entry["met"] else "[red]no[/]")
    return clocks


def _share(entry: dict[str, int] | None) -> str:
    if entry is None:
        return "–"
    return f"{entry['used']:,} of {entry['available']:,} ({entry['used'] / entry['available']:.0%})"
