# SPDX-License-Identifier: Apache-2.0
"""The console's table."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from .measurement import Measurement
from .scene_error import SceneResult
from .write import Outcome

__all__ = ["figure_text", "print_outcome"]


def figure_text(measurement: Measurement) -> str:
    """The figure with its unit, or a dash."""
    if measurement.figure is None:
        return "–"
    return f"{measurement.figure:.4g} {measurement.unit}".rstrip()


def print_outcome(outcome: Outcome, out: Path) -> None:
    """Print every figure beside its target, and where the rest is."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, 120))
    if outcome.measurements:
        console.print(_measurements(outcome.measurements))
    if outcome.scenes:
        console.print(_scenes(outcome.scenes))
    context = outcome.context
    source = {"rtl": "RTL, counts loaded directly", "ramps": "RTL, every ramp simulated",
              "model": "models, no RTL"}[context.backend.value]
    compared = (f"; {context.mismatches:,} of {context.compared:,} values differ from the models"
                if context.compared else "")
    console.print(f"{outcome.preset}, {source}{compared}; {outcome.wall_s:.0f} s; "
                  f"{out / 'report.html'}", highlight=False, soft_wrap=True)


def _measurements(measurements: list[Measurement]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("figure", "value", "target", ""):
        table.add_column(column, justify="right" if column in ("value", "target") else "left")
    for measurement in measurements:
        verdict = {True: "[green]met[/]", False: "[red]not met[/]", None: ""}[measurement.met]
        table.add_row(measurement.key, figure_text(measurement),
                      str(measurement.target or ""), verdict)
    return table


def _scenes(scenes: list[SceneResult]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("scene", "error beyond noise", "with noise", "bias", "judged", "clipped",
                   "beyond range"):
        table.add_column(column, justify="left" if column == "scene" else "right")
    for scene in scenes:
        table.add_row(Path(scene.scene).name, _percent(scene.error_rms),
                      _percent(scene.total_rms), _percent(scene.bias), _percent(scene.judged),
                      _percent(scene.clipped), _percent(scene.should_clip))
    return table


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"
