# SPDX-License-Identifier: Apache-2.0
"""``tapetum verilog``."""

from pathlib import Path
from typing import Annotated

import typer

from .options import PresetName

__all__ = ["verilog"]


def verilog(
    preset: PresetName = "vga",
    all_: Annotated[bool, typer.Option("--all", help="Every preset.")] = False,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("build/verilog"),
) -> None:
    """Write the die as one Verilog-2005 file, with a JSON of its ports and parameters.

    The file depends on nothing else; Verilator, Icarus and yosys accept it.

    Examples:

    [bold]tapetum verilog --preset tiny[/bold]

    [bold]tapetum verilog --all --out build/verilog[/bold]
    """
    from tapetum.presets import PRESETS

    from ..export.verilog import export_verilog
    from ..output import check_folder
    from ..report.console import StageProgress

    check_folder(out)
    made = []
    with StageProgress() as progress:
        for name in PRESETS if all_ else (preset,):
            made.append(export_verilog(PRESETS[name], out, progress))
    for export in made:
        size = export.verilog.stat().st_size / 1e6
        typer.echo(f"{export.verilog} ({size:.1f} MB, top {export.top})\n{export.description}")
