# SPDX-License-Identifier: Apache-2.0
"""RTLIL to Verilog that Verilator compiles well, through yosys."""

import subprocess
from pathlib import Path

from ..tools import find_tool

__all__ = ["FAST", "READABLE", "YosysError", "convert"]

# The passes of `amaranth.back.verilog`: processes stay processes, memories stay memories.
READABLE = """
proc -nomux -norom
memory_collect
"""
# Registers get real enables, which a simulator skips while they are low: half the time of a frame.
# Names of fields and ports that only repeat others go: half the text, a third of the build.
FAST = """
proc
flatten
opt_expr
opt_clean
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
    return folder / "top.v"
