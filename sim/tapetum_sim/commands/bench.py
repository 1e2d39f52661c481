# SPDX-License-Identifier: Apache-2.0
"""``tapetum bench``."""

from pathlib import Path
from typing import Annotated

import typer

from .options import check_preset_name

__all__ = ["bench"]


def bench(
    fpga: Annotated[bool, typer.Option(
        "--fpga", help="Place and route each room on an LFE5U-85F instead; slow.")] = False,
    npu: Annotated[bool, typer.Option(
        "--npu", help="Cycles of published networks on the array instead; needs TAPETUM_DATA.")]
        = False,
    preset: Annotated[list[str] | None, typer.Option(
        metavar="NAME", help="May be repeated. By default tiny, qvga and vga; vga for --fpga.")]
        = None,
    room: Annotated[list[str] | None, typer.Option(
        metavar="NAME", help="Only this room, or block of one, with --fpga; may be repeated.")]
        = None,
    lanes: Annotated[int | None, typer.Option(
        metavar="N", help="Pixels per clock, with --fpga: 1, 2 or 4. By default the preset's.")]
        = None,
    frames: Annotated[int, typer.Option(min=1, max=100, help="Frames to simulate.")] = 2,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("build/bench"),
) -> None:
    """Measure the simulation's speed, each room on an FPGA, or networks on the array.

    Writes report.json, fpga.json or npu.json, and prints a table. A room's working folder keeps
    the logs of its synthesis, placement and routing.

    Examples:

    [bold]tapetum bench --preset tiny[/bold]

    [bold]tapetum bench --fpga --room hdr --room csi2[/bold]

    [bold]tapetum bench --fpga --room hdr --lanes 4[/bold]

    [bold]tapetum bench --npu[/bold]
    """
    from rich.console import Console

    from ..errors import UserError
    from ..output import check_folder
    from ..report.console import StageProgress

    if fpga and npu:
        raise UserError("--fpga and --npu measure different things; give one of them.")
    if not fpga and (room or lanes is not None):
        raise UserError("--room and --lanes are for rooms on an FPGA; add --fpga.")
    presets = [check_preset_name(name) for name in preset or []]
    if npu and presets:
        raise UserError("--npu measures networks on arrays of its own; leave out --preset.")
    check_folder(out)
    if npu:
        from ..bench.npu import bench_npu
        from ..bench.tables import npu_table, npu_verdict_table

        with StageProgress() as progress:
            report = bench_npu(((8, 1), (8, 2)), out, progress=progress)
        for path in report["absent"]:
            typer.echo(f"tapetum: {path} is missing; TAPETUM_DATA names the folder of reference "
                       "networks and images.", err=True)
        tables, written = (npu_table(report), npu_verdict_table(report)), out / "npu.json"
        failed = bool(report["absent"])
    elif fpga:
        from ..bench.tables import fpga_table

        with StageProgress() as progress:
            report = _bench_fpga(presets, room or [], lanes, out, progress)
        tables, written = (fpga_table(report),), out / "fpga.json"
        failed = any(result["error"] for result in report["rooms"].values())
    else:
        from ..bench.speed import SPEED_PRESETS, bench_speed
        from ..bench.tables import speed_table

        with StageProgress() as progress:
            report = bench_speed(presets or SPEED_PRESETS, frames, out, progress)
        tables, written = (speed_table(report),), out / "report.json"
        failed = False
    console = Console()
    wide = 170 if npu else 120
    Console(width=max(console.width, wide) if not console.is_terminal else None).print(*tables)
    typer.echo(str(written))
    if failed:
        raise typer.Exit(1)


def _bench_fpga(presets: list[str], rooms: list[str], lanes: int | None, out: Path, progress):
    from tapetum.config import ConfigError
    from tapetum.presets import PRESETS

    from ..bench.rooms import BLOCKS, ROOMS, bench_rooms
    from ..errors import UserError

    if len(presets) > 1:
        raise UserError("give one --preset with --fpga.")
    for name in rooms:
        if name not in ROOMS | BLOCKS:
            raise UserError(
                f"there is no room {name!r}; choose from {', '.join(ROOMS | BLOCKS)}.")
    config = PRESETS[presets[0] if presets else "vga"]
    try:
        config = config if lanes is None else config.with_(lanes=lanes)
    except ConfigError as error:
        raise UserError(str(error)) from error
    return bench_rooms(config, rooms or list(ROOMS), out, progress)
