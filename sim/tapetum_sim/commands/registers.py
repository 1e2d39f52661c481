# SPDX-License-Identifier: Apache-2.0
"""``tapetum registers``."""

from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer

from .options import PresetName

__all__ = ["registers"]


class _Format(StrEnum):
    TABLE = "table"
    MARKDOWN = "markdown"
    C = "c"
    PYTHON = "python"
    HTML = "html"
    SYSTEMRDL = "systemrdl"


_SUFFIXES = {".md": _Format.MARKDOWN, ".h": _Format.C, ".py": _Format.PYTHON,
             ".html": _Format.HTML, ".rdl": _Format.SYSTEMRDL}


def registers(
    preset: PresetName = "vga",
    format_: Annotated[_Format | None, typer.Option(
        "--format", help="By default what the suffix of --out says, otherwise a table.")] = None,
    out: Annotated[Path | None, typer.Option(
        help="File to write: .md, .html, .h, .py, .rdl, or anything else for the table.")] = None,
) -> None:
    """List the registers that a host sees: a table, a page, constants in C or Python, SystemRDL.

    Examples:

    [bold]tapetum registers --preset tiny[/bold]

    [bold]tapetum registers --out tapetum_registers.h[/bold]

    [bold]tapetum registers --out build/registers.html[/bold]
    """
    from tapetum.presets import PRESETS
    from tapetum.registers.export import c_header, markdown, python_constants
    from tapetum.registers.systemrdl import systemrdl

    from ..output import check_file

    if out is not None:
        check_file(out)
    writers = {_Format.TABLE: _table, _Format.MARKDOWN: markdown, _Format.C: c_header,
               _Format.PYTHON: python_constants, _Format.HTML: _page,
               _Format.SYSTEMRDL: systemrdl}
    by_suffix = _SUFFIXES.get(out.suffix, _Format.TABLE) if out else _Format.TABLE
    text = writers[format_ or by_suffix](PRESETS[preset])
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    typer.echo(str(out))


def _page(config) -> str:
    from ..export.register_page import register_page
    return register_page(config)


def _table(config) -> str:
    """Address, name, bytes, access, reset value, unit and purpose of every register."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from tapetum.registers.table import memory_windows, register_table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("address", "name", "bytes", "access", "reset", "unit"):
        table.add_column(heading, no_wrap=True,
                         justify="right" if heading in ("bytes", "reset") else "left")
    table.add_column("what it is")
    for register in register_table(config):
        reset = str(register.reset) if register.unit else \
            f"0x{register.reset:0{2 * register.width_bytes}x}"
        table.add_row(f"0x{register.address:04x}", register.name, str(register.width_bytes),
                      register.access.value, reset, register.unit, escape(register.sentence))
    for window in memory_windows(config):
        table.add_row(f"0x{window.address:04x}", window.name,
                      f"{window.entries} x {window.entry_bytes}", "RW", "", "",
                      escape(window.sentence))
    text = StringIO()
    Console(file=text, width=max(Console().width, 132)).print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
