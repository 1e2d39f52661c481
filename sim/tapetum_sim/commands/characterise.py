# SPDX-License-Identifier: Apache-2.0
"""``tapetum characterise``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .options import PresetName

__all__ = ["characterise"]


class _Backend(StrEnum):
    RTL = "rtl"
    RAMPS = "ramps"
    MODEL = "model"


def characterise(
    preset: PresetName = "vga",
    only: Annotated[list[str] | None, typer.Option(
        metavar="KEY", help="Only this figure or group of figures, for example hdr or "
        "lfm.detection; may be repeated.")] = None,
    scene: Annotated[list[str] | None, typer.Option(
        metavar="NAME|FILE", help="Measure the radiance error on this scene instead: a name or "
        "file as for `tapetum sim`; may be repeated.")] = None,
    backend: Annotated[_Backend, typer.Option(
        help="rtl: the die in Verilator, counts loaded directly. ramps: the same with every ramp "
        "simulated, slower. model: numpy models alone, for quick looks.")] = _Backend.RTL,
    frames: Annotated[int, typer.Option(
        min=2, max=100, help="Measured frames of each shot.")] = 8,
    seed: Annotated[int, typer.Option(help="Of all noise and defects.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Simulators that run at once.")] = 2,
    out: Annotated[Path, typer.Option(help="Folder for the report.")]
        = Path("build/characterise"),
) -> None:
    """Measure what the die achieves as a camera, and hold it against its targets.

    Dynamic range, noise, error of the radiance, pulsed lamps, what corrections leave. Writes
    report.json, report.html and plots, and prints a table. A target that is not met is a result,
    not a failure; exits with 1 if the RTL differs from its models.

    Examples:

    [bold]tapetum characterise[/bold]

    [bold]tapetum characterise --only hdr --only lfm.detection[/bold]

    [bold]tapetum characterise --scene tunnel --scene chart --scene desk.exr[/bold]

    [bold]tapetum characterise --backend model --preset qvga[/bold]
    """
    from ..characterise.backends import Backend
    from ..characterise.run import characterise as run
    from ..characterise.table import print_outcome
    from ..report.console import StageProgress

    with StageProgress() as progress:
        outcome = run(preset=preset, only=only or [], scenes=scene or [],
                      backend=Backend(backend.value), frames=frames, seed=seed, jobs=jobs,
                      out=out, progress=progress)
    print_outcome(outcome, out)
    if outcome.context.mismatches:
        raise typer.Exit(1)
