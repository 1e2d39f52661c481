# SPDX-License-Identifier: Apache-2.0
"""The simulator of a whole die, found again without elaborating the design."""

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from tapetum.config import DieConfig

from ..simulator import Build, build
from ..simulator.builder import DEFAULT_ROOT
from .top import CLOCK_REQUESTS, DOMAINS, SimulationTop

__all__ = ["build_simulator"]

_HARDWARE = (
    ("tapetum", "**/*.py"),
    ("tapetum_sim", "frame/top.py"),
    ("tapetum_sim", "frame/array_pens.py"),
    ("tapetum_sim", "frame/direct_adc.py"),
    ("tapetum_sim", "frame/exposure_meter.py"),
    ("tapetum_sim", "frame/host_writes.py"),
    ("tapetum_sim", "frame/spi_wires.py"),
    ("tapetum_sim", "pixel_die/comparator_bank.py"),
    ("tapetum_sim", "simulator/**/*"),
)
"""Sources on which the design under simulation depends, and more: a needless build is harmless."""


def build_simulator(config: DieConfig, *, direct: bool = False, waves: bool = False,
                    root: Path = DEFAULT_ROOT,
                    progress: Callable[[str], None] = lambda step: None) -> Build:
    """Build the simulator of ``config``, or find it by its sources.

    Elaborating a large die takes longer than simulating a frame of a small one, therefore a note
    under ``root/by-source`` leads from sources and configuration to the build.
    """
    note = Path(root).absolute() / "by-source" / f"{_key(config, direct, waves)}.json"
    if note.exists():
        found = json.loads(note.read_text())
        if Path(found["directory"], "top").exists():
            return Build(directory=Path(found["directory"]), domains=tuple(found["domains"]),
                         waves=found["waves"], cached=True)
    made = build(SimulationTop(config, direct=direct), domains=DOMAINS,
                 clock_requests=CLOCK_REQUESTS, profile="frame", waves=waves, root=root,
                 progress=progress)
    note.parent.mkdir(parents=True, exist_ok=True)
    partial = note.with_suffix(".partial")
    partial.write_text(json.dumps({"directory": str(made.directory), "domains": made.domains,
                                   "waves": made.waves}))
    partial.replace(note)
    return made


def _key(config: DieConfig, direct: bool, waves: bool) -> str:
    digest = hashlib.sha256(repr((config, direct, waves, version("amaranth"))).encode())
    for package, pattern in _HARDWARE:
        folder = Path(str(files(package)))
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(folder)).encode() + b"\0")
                digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:20]
