# SPDX-License-Identifier: Apache-2.0
"""What a run shows on the terminal: progress while it lasts, one table at its end."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

__all__ = ["StageProgress", "print_summary"]


class StageProgress:
    """A line of progress per run: call it with a stage, what is done, and the total.

    On anything but a terminal each new stage is a line of plain text.
    """

    def __init__(self):
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
            console=self._console, transient=True)
        self._task = self._progress.add_task("starting", total=None)
        self._stage = ""

    def __enter__(self) -> "StageProgress":
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *exception) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def __call__(self, stage: str, done: float = 0, total: float = 0) -> None:
        """Show how far a stage is; without a total, that it has begun."""
        self._progress.update(self._task, description=stage, completed=done, total=total or None)
        name = stage.partition(":")[0]
        if name != self._stage and not self._console.is_terminal:
            self._console.print(f"tapetum: {name}", highlight=False)
        self._stage = name


def print_summary(summary: dict[str, Any], out: Path) -> None:
    """Print what a person wants to know first, and where the rest is."""
    console = Console()
    table = Table(show_header=False, box=None, pad_edge=False)
    good = summary["mismatches"] == 0 and summary["pixels_compared"] > 0
    table.add_row("against the models", f"[{'green' if good else 'red'}]{summary['mismatches']:,} "
                  f"of {summary['pixels_compared']:,} values differ[/]")
    for boundary in summary["boundaries"]:
        if boundary["mismatches"]:
            table.add_row("", f"{boundary['name']}: {boundary['mismatches']:,}, first "
                          f"{boundary['first']}")
    for frame in summary["frame_outcomes"]:
        colour = "green" if frame["outcome"] == "complete" else "red"
        table.add_row(f"frame {frame['frame']}", f"[{colour}]{frame['outcome']}[/]")
    for verdict in summary["npu"]["verdicts"] or ():
        table.add_row(f"verdict {verdict['frame']}",
                      verdict["verdict"] or f"[red]{', '.join(verdict['flags'])}[/]")
    link = summary["csi2"]
    table.add_row("link", f"{link['packets']:,} packets, {link['bytes']:,} bytes, "
                  f"{link['ecc_errors']} ECC errors, {link['crc_errors']} CRC errors, "
                  f"{link['frame_crc_errors']} of {link['frame_crcs']} frames with a wrong CRC-32")
    for error in link["sequence_errors"][:3]:
        table.add_row("", f"[red]{error}[/]")
    table.add_row("faults", ", ".join(summary["faults"]) or "none")
    for notice in summary["notices"]:
        table.add_row("notice", notice)
    table.add_row("time", f"{summary['wall_s']:.1f} s: " + ", ".join(
        f"{stage} {seconds:.1f}" for stage, seconds in summary["walls_s"].items()))
    table.add_row("report", str(out / "report.html"))
    console.print(table)
