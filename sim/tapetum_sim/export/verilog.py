# SPDX-License-Identifier: Apache-2.0
"""One self-contained Verilog-2005 file of the die, and the JSON that describes it."""

import dataclasses
import hashlib
import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from amaranth.back import rtlil

from tapetum.config import DieConfig
from tapetum.die import Die

from ..errors import UserError
from ..provenance import package_versions, revision
from ..simulator.verilog import YosysError, convert
from .ports import clock_ports, describe_ports

__all__ = ["DOMAINS", "Export", "export_verilog"]

DOMAINS = ("sync", "adc", "byte", "safety")

BANNER = """\
// SPDX-License-Identifier: Apache-2.0
// Tapetum, the logic die of a stacked CMOS image sensor: preset {name}, {size}.
// Written by `tapetum verilog`; ports and parameters are described in {json}.
// Revision {revision}; sha256 of what follows this comment: {sha256}.
`timescale 1ns / 1ps

"""


@dataclass(frozen=True, kw_only=True)
class Export:
    """Files that were written, and the top module's name."""

    verilog: Path
    description: Path
    top: str


def export_verilog(config: DieConfig, folder: Path,
                   progress: Callable[[str], None] = lambda step: None) -> Export:
    """Write ``tapetum_<preset>.v`` and ``.json`` into `folder`.

    Raises
    ------
    UserError
        If yosys is missing.
    """
    top = f"tapetum_{config.name}"
    progress(f"elaborating {config.name}")
    die = Die(config)
    text = _without_empty_wires(_plain_names(rtlil.convert(die, name=top, emit_src=False)))
    progress(f"writing Verilog of {config.name}")
    with tempfile.TemporaryDirectory() as scratch:
        try:
            body = convert(text, Path(scratch)).read_text(encoding="utf-8")
        except YosysError as error:
            raise UserError(f"the design could not be written as Verilog: {error}") from None
    body = body.partition("\n\n")[2]  # without the generator's own line, which names no revision
    digest = hashlib.sha256(body.encode()).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    made = Export(verilog=folder / f"{top}.v", description=folder / f"{top}.json", top=top)
    array = config.array
    made.verilog.write_text(BANNER.format(
        name=config.name, size=f"{array.columns}x{array.rows} pixels", json=made.description.name,
        revision=revision() or "unknown", sha256=digest) + body, encoding="utf-8")
    made.description.write_text(
        json.dumps(_describe(die, top, digest), indent=2) + "\n", encoding="utf-8")
    return made


def _plain_names(text: str) -> str:
    """Module names that need no escape in Verilog: ``tapetum_vga__adc__counts``."""
    def plain(match: re.Match) -> str:
        name = match[2].replace(".", "__").replace("$", "_")
        return f"{match[1]} \\{name}"
    return re.sub(r"^(module|  cell) \\(\S+)", plain, text, flags=re.MULTILINE)


def _without_empty_wires(text: str) -> str:
    """Verilog has no vectors of no bits: ``[-1:0]`` has two."""
    kept: list[str] = []
    empty: set[str] = set()
    for line in text.splitlines(keepends=True):
        words = line.split()
        if words[:1] == ["module"]:
            empty.clear()
        if words[:3] == ["wire", "width", "0"]:
            empty.add(words[-1])
            while kept[-1].startswith("  attribute"):
                kept.pop()
        elif words[:1] != ["connect"] or words[1] not in empty:
            kept.append(line)
    return "".join(kept)


def _describe(die: Die, top: str, digest: str) -> dict[str, Any]:
    config = die.config
    rates = {"sync": config.sync_clock_hz, "adc": config.adc_clock_hz,
             "byte": config.csi2.byte_clock_hz, "safety": config.safety_clock_hz}
    return {
        "top": top,
        "preset": config.name,
        "revision": revision(),
        "sha256": digest,
        "versions": package_versions(),
        "clocks": [{"domain": name, "clock": clock_ports(name)[0], "reset": clock_ports(name)[1],
                    "nominal_hz": rates[name], "edge": "rising",
                    "reset_style": "synchronous, active high"} for name in DOMAINS],
        "ports": describe_ports(die),
        "parameters": _plain(config),
    }


def _plain(value: Any) -> Any:
    """A configuration as JSON can hold it."""
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name))
                for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value
