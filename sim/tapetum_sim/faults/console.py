# SPDX-License-Identifier: Apache-2.0
"""What a campaign shows on the terminal."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .outcome import Outcome, Result
from .scenario import Scenario

__all__ = ["print_campaign", "print_one"]

_WORST_SHOWN = 8


def print_campaign(summary: dict[str, Any], out: Path) -> None:
    """Print the strata, the worst places, and where the rest is."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, 140))
    table = Table(box=None, pad_edge=False)
    for column in ("drawn from", "faults", *map(str, Outcome), "detected of dangerous",
                   "with the receiver's"):
        table.add_column(column, justify="left" if column == "drawn from" else "right")
    for stratum in summary["strata"].values():
        table.add_row(stratum["name"], f"{stratum['injections']:,}",
                      *(_share(stratum["outcomes"][str(outcome)]) for outcome in Outcome),
                      _share(stratum["coverage"]), _share(stratum["with_receiver"]))
    console.print(table)
    for place in summary["worst"][:_WORST_SHOWN]:
        console.print(f"undetected: {place['undetected']:4}  {place['path']}", highlight=False)
    for group in summary["directed"]:
        console.print(f"{group['name']}: {group['detected']} of {group['injections']} detected"
                      + (f" ({', '.join(group['by'])})" if group["by"] else ""), highlight=False)
    latency = summary["latency"]
    console.print(f"{latency['detected_within_a_frame']} of {latency['detected']} detected within "
                  f"a frame, {latency['pin_within_a_row']} of {latency['pin_raised']} at the "
                  f"error pin within a row", highlight=False)
    console.print(f"{summary['wall_s']:.0f} s; {out / 'report.html'}", highlight=False,
                  soft_wrap=True)


def print_one(result: Result, line: dict[str, Any], scenario: Scenario) -> None:
    """Print what one fault did."""
    table = Table(show_header=False, box=None, pad_edge=False)
    frame_ps, row_ps = scenario.frame_ps, scenario.row_ps
    injection = result.injection
    table.add_row("fault", f"{injection.number}: {injection.kind} at {result.place}, "
                  f"{injection.offset_ps / row_ps:.2f} rows after the window began")
    table.add_row("outcome", str(result.outcome))
    for name, time_ps in (("first of consequence", line["started_ps"]),
                          ("first wrong", result.harmed_ps), ("detected", result.detected_ps),
                          ("error pin", result.error_ps),
                          ("receiver could tell", result.receiver_ps),
                          ("ended", line["ended_ps"])):
        detail = {"first wrong": result.harm, "detected": ", ".join(result.mechanisms),
                  "ended": result.end}.get(name, "")
        table.add_row(name, "never" if time_ps is None else
                      f"after {time_ps / row_ps:.3f} rows, {time_ps / frame_ps:.3f} frames"
                      + (f": {detail}" if detail else ""))
    Console().print(table)


def _share(share: dict[str, Any]) -> str:
    if share["value"] is None:
        return "–"
    return (f"{100 * share['value']:.1f} % ({100 * share['low']:.1f}–{100 * share['high']:.1f})")
