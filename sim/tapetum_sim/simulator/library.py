# SPDX-License-Identifier: Apache-2.0
"""What no design changes, compiled once: Verilator's library, and what is behind our modules."""

import fcntl
import hashlib
import shutil
import tempfile
from pathlib import Path

from .runner import (
    LIBRARY,
    NATIVE,
    OWN_MODULES,
    NativeRunner,
    tool_versions,
    waves_format,
)

__all__ = ["compiled_library"]

_VERILATOR = ("verilated", "verilated_dpi", "verilated_vpi", "verilated_threads")


def compiled_library(root: Path, waves: bool) -> Path:
    """The folder in ``root`` that holds the library's objects, with or without tracing.

    Compiles them (25 s of one core) unless that was done before. Whoever comes first makes the
    library alone; others wait for it rather than make their own.

    Raises
    ------
    BuildError
        If Verilator or the compiler fails.
    """
    library = root / f"runtime-{_key(waves)}"
    if not library.exists():
        with library.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not library.exists():
                _make(library, waves)
    return library


def _key(waves: bool) -> str:
    parts = (LIBRARY.make, waves and waves_format(), tool_versions(),
             [(NATIVE / f"{name}.cpp").read_text() for name in OWN_MODULES])
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def _make(library: Path, waves: bool) -> None:
    """Build the objects with a design that has nothing in it, in a folder renamed when complete."""
    tracing = [f"verilated_{waves_format()}_c"] if waves else []
    objects = [f"{name}.o" for name in (*_VERILATOR, *tracing, *OWN_MODULES)]
    with tempfile.TemporaryDirectory(prefix="building-", dir=library.parent) as partial:
        work = Path(partial, "work")
        work.mkdir()
        empty = work / "top.v"
        empty.write_text("module top(); endmodule\n")
        NativeRunner(LIBRARY, build_jobs=1, targets=objects).compile([empty], work, waves=waves)
        made = Path(partial, "objects")
        made.mkdir()
        for name in objects:
            shutil.copy(work / name, made)
        made.rename(library)
