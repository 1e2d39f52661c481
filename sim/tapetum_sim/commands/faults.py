# SPDX-License-Identifier: Apache-2.0
"""``tapetum faults``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .options import PresetName

__all__ = ["faults"]


class _Kind(StrEnum):
    ALL = "all"
    SEU = "seu"
    STUCK_0 = "stuck0"
    STUCK_1 = "stuck1"


def faults(
    preset: PresetName = "tiny",
    injections: Annotated[int, typer.Option(
        min=0, max=1_000_000, help="Faults drawn from every state bit of the die.")] = 9600,
    flip_flops: Annotated[int, typer.Option(
        min=0, max=1_000_000, help="Further faults drawn from flip-flops alone, which are few "
        "beside the memories.")] = 300,
    kind: Annotated[_Kind, typer.Option(
        help="seu: a bit is inverted once. stuck0, stuck1: it stays so. all: each in turn.")]
        = _Kind.ALL,
    room: Annotated[str | None, typer.Option(
        metavar="ROOM", help="Only bits of this room, for example readout.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample and of the pixel die.")] = 1,
    directed: Annotated[bool, typer.Option(
        "--directed/--no-directed", help="Also break each bond of the pixel die and each line of "
        "its row decoder, once.")] = True,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Simulators that run at once.")] = 2,
    out: Annotated[Path, typer.Option(help="Folder for report and results.")]
        = Path("build/faults"),
    resume: Annotated[bool, typer.Option(
        "--resume", help="Go on with the campaign that --out holds.")] = False,
    only: Annotated[int | None, typer.Option(
        metavar="NUMBER", min=0, help="Simulate this one fault of the campaign in --out again, "
        "with that one's preset, seed, kinds and room, and say what it did.")] = None,
) -> None:
    """Let wrong bits fall into the RTL, and count which do harm and which are noticed.

    Writes report.json, report.html and pictures. An interrupted campaign goes on with --resume.

    Examples:

    [bold]tapetum faults[/bold]

    [bold]tapetum faults --injections 20000 --resume[/bold]

    [bold]tapetum faults --room readout --injections 0 --flip-flops 600 --out build/readout[/bold]

    [bold]tapetum faults --only 1234[/bold]
    """
    import time

    from ..errors import UserError
    from ..faults.console import print_campaign, print_one
    from ..faults.die import run_campaign, run_one
    from ..faults.report import write_report
    from ..faults.sample import Kind
    from ..output import reserved
    from ..report.console import StageProgress

    if not injections + flip_flops:
        raise UserError("there is nothing to inject: give --injections or --flip-flops.")
    kinds = list(Kind) if kind is _Kind.ALL else [Kind(kind.value)]
    started = time.perf_counter()
    if only is not None:
        with reserved(out / "only"), StageProgress() as progress:
            one = run_one(only, out=out, progress=progress)
        print_one(*one)
        return
    with reserved(out), StageProgress() as progress:
        campaign = run_campaign(
            preset=preset, injections=injections, flip_flops=flip_flops, seed=seed, out=out,
            kinds=kinds, room=room, resume=resume, directed=directed, jobs=jobs,
            progress=progress)
    summary = write_report(campaign, out, time.perf_counter() - started)
    print_campaign(summary, out)
