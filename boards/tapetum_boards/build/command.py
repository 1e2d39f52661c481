# SPDX-License-Identifier: Apache-2.0
"""``tapetum board build`` and ``tapetum board flash``."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["build", "flash"]

Name = Annotated[str, typer.Argument(metavar="[BOARD]", help="ulx3s_85f, icebreaker, ...")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of folders, one per board.")]


def build(
    name: Name = "ulx3s_85f",
    seed: Annotated[list[int] | None, typer.Option(
        help="Only this seed; may be repeated. By default 1, 2, 3, ... until timing is met.")]
        = None,
    tries: Annotated[int, typer.Option(min=1, help="Seeds to try at most.")] = 8,
    preset: Annotated[str | None, typer.Option(
        help="Of a whole die. By default the largest that nextpnr has found ways for; tiny3 has "
             "three captures.")]
        = None,
    cells: Annotated[int | None, typer.Option(
        help="Of the array: 2, 4 or 8, of nine multipliers each, or 0, the default, for no array.")]
        = None,
    check_rooms: Annotated[bool, typer.Option(
        "--check-rooms", help="Hold each room's tables against those of the room alone; slow.")]
        = False,
    out: Out = Path("build"),
) -> None:
    """Make a board's bitstream: synthesise, place and route until every clock is fast enough.

    Writes report.json and the bitstream into build/BOARD. What is there already for the same
    sources is not made again. Exit code 1 if no seed met timing, or the design is too large.

    Examples:

    [bold]tapetum board build icebreaker[/bold]

    [bold]tapetum board build ulx3s_85f --seed 3[/bold]

    [bold]tapetum board build ulx3s_85f --preset tiny3 --cells 2[/bold]
    """
    from rich.console import Console

    from tapetum_sim.bench.process import FlowError
    from tapetum_sim.errors import UserError
    from tapetum_sim.report.console import StageProgress

    from .bitstream import build_board
    from .tables import HEADINGS, build_tables

    try:
        with StageProgress() as progress:
            report = build_board(name, out, seeds=seed or range(1, tries + 1),
                                 preset=preset, cells=cells,
                                 check_rooms=check_rooms, progress=progress)
    except FlowError as error:
        raise UserError(f"{name} was not built: {error}") from None
    Console().print(build_tables(report))
    typer.echo(str(out / name / "report.json"))
    different = {room: entry["share"] for room, entry in report["compared"].items()
                 if not entry["same"]}
    if different:
        typer.echo("tapetum: not what they are alone: " + ", ".join(
            f"{room} has {share:.0%} of its tables" for room, share in different.items()), err=True)
    if report["too_large"]:
        much = [f"{entry['needed']:,} of {entry['available']:,} {HEADINGS[what]}"
                for what, entry in report["too_large"].items()]
        typer.echo(f"tapetum: {name} is larger than its {report['device']}: {', '.join(much)}; "
                   f"there is no bitstream. Give its configuration fewer columns, captures or "
                   f"cells of the array.", err=True)
        raise typer.Exit(1)
    if not report["timing_met"]:
        slow = [f"{clock} reaches {entry['mhz']:.1f} of {entry['constraint_mhz']:.1f} MHz"
                for clock, entry in report["clocks"].items() if not entry["met"]]
        tried = f"with seed {', '.join(map(str, report['seeds']))}"
        overused = min(entry["overused"] for entry in report["seeds"].values())
        wrong = (f"timing is not met {tried}: {', '.join(slow)}" if slow else
                 f"the design is routed {tried} no further than to {overused} wires wanted twice")
        typer.echo(f"tapetum: {wrong}; there is no bitstream. Try others: --tries 20", err=True)
        raise typer.Exit(1)
    typer.echo(report["bitstream"])
    if different:
        raise typer.Exit(1)


def flash(
    name: Name = "ulx3s_85f",
    permanent: Annotated[bool, typer.Option(
        "--permanent", help="Into the board's flash memory, for every time it is plugged in.")]
        = False,
    out: Out = Path("build"),
) -> None:
    """Load a bitstream that was made before onto the board.

    Example: [bold]tapetum board flash ulx3s_85f[/bold]
    """
    from .flash import flash_board

    flash_board(name, out, permanent=permanent)
    typer.echo(f"{name} is loaded.")
