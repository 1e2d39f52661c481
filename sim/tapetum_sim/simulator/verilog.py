# SPDX-License-Identifier: Apache-2.0
"""RTLIL to Verilog that Verilator compiles well, through yosys."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from ..tools import find_tool

__all__ = ["FAST", "READABLE", "YosysError", "convert", "short_fills"]

# The passes of `amaranth.back.verilog`: processes stay processes, memories stay memories.
READABLE = """
proc -nomux -norom
memory_collect
"""
# Registers get real enables, which a simulator skips while they are low: half the time of a frame.
# Names of fields and ports that only repeat others go, and first: half the text, a third of the
# build.
FAST = """
proc
flatten
opt_clean -purge
opt_expr
opt_dff -nosdff
opt_clean -purge
memory_collect
"""


class YosysError(Exception):
    """yosys refused the design."""


def convert(rtlil: str, folder: Path, passes: str = READABLE) -> Path:
    """Write ``top.v`` (and the ``top.il`` it came from) into ``folder``.

    ``READABLE`` keeps the hierarchy and its names, ``FAST`` simulates faster. Raises `YosysError`,
    or `UserError` where yosys is missing.
    """
    (folder / "top.il").write_text(rtlil)
    (folder / "top.ys").write_text(
        f"read_rtlil top.il\n{passes}write_verilog -norename -noattr top.v\n")
    result = subprocess.run([find_tool("yosys"), "-q", "-s", "top.ys"], cwd=folder, text=True,
                            check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        raise YosysError(result.stdout[-2000:])
    verilog = folder / "top.v"
    with verilog.open(encoding="utf-8") as lines:
        text = "".join(short_fills(lines))
    verilog.write_text(text, encoding="utf-8")
    return verilog


_WORD = re.compile(r"    (\S+) \[(\d+)\] = (\S+);\n")
_SHORTEST_LOOP = 16


def short_fills(lines: Iterable[str]) -> Iterator[str]:
    """Verilog whose initial blocks fill equal words of a memory with a loop.

    yosys writes a line for each word: of a die with line buffers two lines of three.
    """
    block: list[str] | None = None
    count = 0
    for line in lines:
        if line == "  initial begin\n":
            block = []
        elif block is None:
            yield line
        elif line != "  end\n":
            block.append(line)
        else:
            body = list(_loops(block))
            if body == block:
                yield "  initial begin\n"
            else:  # only a named block may declare
                yield f"  initial begin : fill_{count}\n    integer i;\n"
                count += 1
            yield from body
            yield line
            block = None


def _loops(block: list[str]) -> Iterator[str]:
    """The statements of an initial block, runs of equal words as one loop each."""
    words = [_WORD.fullmatch(line) for line in block]

    def run(position: int) -> tuple:
        word = words[position]
        return (word[1], word[3], int(word[2]) - position) if word else (position,)

    for _, positions in groupby(range(len(block)), run):
        places = list(positions)
        first, last = words[places[0]], words[places[-1]]
        if len(places) < _SHORTEST_LOOP or first is None or last is None:
            yield from (block[place] for place in places)
        else:
            yield (f"    for (i = {first[2]}; i <= {last[2]}; i = i + 1)\n"
                   f"      {first[1]} [i] = {first[3]};\n")
