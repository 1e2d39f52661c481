# SPDX-License-Identifier: Apache-2.0
"""Runs one program of the FPGA tool chain in its folder."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["FlowError", "run_tool"]

_POLL_S = 0.2


class FlowError(Exception):
    """A tool refused the design; the message ends with the tail of its log."""


def run_tool(command: list[str], folder: Path, log: str,
             watch: Callable[[], None] = lambda: None) -> None:
    """Run `command` in `folder`; `log` is the file there that it writes.

    Parameters
    ----------
    watch : function
        Called several times a second while it runs.

    Raises
    ------
    FlowError
        If it fails.
    """
    with (folder / f"{log}.stderr").open("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            while process.poll() is None:
                watch()
                time.sleep(_POLL_S)
        finally:
            process.kill()  # nothing, unless the watcher or Ctrl-C ended the loop
            process.wait()
        errors.seek(0)
        said = errors.read()
    if process.returncode != 0:
        written = folder / log
        tail = (written.read_text(errors="replace") if written.exists() else "") + said
        raise FlowError(f"{Path(command[0]).name} failed with {process.returncode}: "
                        f"{tail.strip()[-600:]}")
