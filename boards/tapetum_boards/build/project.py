# SPDX-License-Identifier: Apache-2.0
"""What Amaranth makes of a board: RTLIL, constraints, and how its tools are called."""

import shlex
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from amaranth.hdl import UnusedElaboratable

from ..platforms.catalogue import Board

__all__ = ["CONSTRAINTS", "Project", "elaborate"]

CONSTRAINTS = Path(__file__).parents[3] / "constraints"
"""What Amaranth's resources cannot say of a board: files of the board's name."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """A board ready to be synthesised.

    Members
    -------
    rtlil : str
        Its top is ``top``.
    constraints : dict
        Text by name of file; nextpnr's options name them.
    tools : dict
        Options by program: of nextpnr and of the one that packs.
    """

    rtlil: str
    constraints: dict[str, str]
    tools: dict[str, tuple[str, ...]]

    def tool(self, start: str) -> str:
        """Name of the program that begins so."""
        return next(name for name in self.tools if name.startswith(start))


def elaborate(name: str, board: Board) -> Project:
    """Turn a board of the catalogue into files."""
    # Rooms that a small board leaves out are made, and never elaborated.
    warnings.filterwarnings("ignore", category=UnusedElaboratable)
    top: Any = board.top(board.configuration())
    files = board.platform().prepare(top, name="top").files
    texts = {file: cast(str, text) for file, text in files.items()}
    constraints = {}
    for suffix in ("lpf", "pcf"):
        if (file := f"top.{suffix}") in texts:
            own = CONSTRAINTS / f"{name}.{suffix}"
            constraints[file] = texts[file].replace("# (add_preferences placeholder)", "") + (
                own.read_text(encoding="utf-8") if own.exists() else "")
    return Project(rtlil=texts["top.il"], constraints=constraints,
                   tools=_tools(texts["build_top.sh"]))


def _tools(script: str) -> dict[str, tuple[str, ...]]:
    """Calls in Amaranth's script, which names each program by a variable."""
    found = {}
    for line in script.splitlines():
        if line.startswith('"$'):
            program, *options = shlex.split(line)
            found[program[1:].lower().replace("_", "-")] = tuple(options)
    return {name: options for name, options in found.items() if name != "yosys"}
