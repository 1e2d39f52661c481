# SPDX-License-Identifier: Apache-2.0
"""Layouts with which GTKWave and Surfer open a run's waveforms: rooms in the order of the data."""

import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["declared_signals", "write_wave_layouts"]

_DIE = "top.dut.die"
_ROOMS: dict[str, tuple[str, ...]] = {
    "": ("clk", "adc_clk", "byte_clk"),
    "control": ("streaming", "adopt", "adopt_frame", "faults", "error"),
    "readout": ("busy", "frame_start", "frame", "row", "row_control", "ramp__valid",
                "ramp__ready", "sync_output", "strobe"),
    "adc": ("ramp_active", "ramp_kind", "ramp_code", "comparators", "pixels__valid",
            "read_overrun"),
    "correct": ("i__valid", "o__valid", "black_levels"),
    "hdr": ("i__valid", "o__valid", "row_mismatch", "line_buffer_overflow"),
    "compander": ("i__valid", "o__valid"),
    "selector": ("o__valid", "torn"),
    "csi2": ("pixels__valid", "overflow", "phy__request", "phy__data", "phy__valid",
             "packet_strobe"),
}
_MODULE = re.compile(r"^module \\?(\S+)")
_DECLARATION = re.compile(r"^\s*(?:input|output|wire|reg)\s+(?:\[(\d+):0\]\s+)?\\?(\S+)\s*(?:;|=)")


def declared_signals(verilog: Path) -> dict[str, dict[str, int]]:
    """Width of every signal, by the path of its module."""
    modules: dict[str, dict[str, int]] = {}
    signals: dict[str, int] = {}
    with verilog.open(encoding="utf-8") as lines:
        for line in lines:
            if module := _MODULE.match(line):
                signals = modules.setdefault(module[1], {})
            elif declaration := _DECLARATION.match(line):
                signals[declaration[2]] = int(declaration[1] or 0) + 1
    return modules


def write_wave_layouts(verilog: Path, waves: Path) -> tuple[Path, Path]:
    """Write ``.gtkw`` and ``.sucl`` beside the waveforms; return both paths.

    Open with ``gtkwave waves.gtkw`` or ``surfer waves.fst --command-file waves.sucl``.
    """
    signals = list(_shown(declared_signals(verilog)))
    gtkwave, surfer = waves.with_suffix(".gtkw"), waves.with_suffix(".sucl")
    lines = [f'[dumpfile] "{waves.name}"', "[timestart] 0"]
    commands = []
    for room, path, width in signals:
        if path is None:
            lines += ["@200", f"-{room}"]
            commands.append(f"divider_add {room}")
            continue
        lines += ["@28" if width == 1 else "@22",
                  path if width == 1 else f"{path}[{width - 1}:0]"]
        commands.append(f"variable_add {path}")
    gtkwave.write_text("\n".join(lines) + "\n", encoding="utf-8")
    surfer.write_text("\n".join([*commands, "zoom_fit"]) + "\n", encoding="utf-8")
    return gtkwave, surfer


def _shown(modules: dict[str, dict[str, int]]) -> Iterator[tuple[str, str | None, int]]:
    """Per room a heading (without a path), then the signals that the design really has."""
    for room, names in _ROOMS.items():
        path = f"{_DIE}.{room}".rstrip(".")
        found = modules.get(path, {})
        present = [name for name in names if name in found]
        if present:
            yield room or "clocks", None, 0
        for name in present:
            yield room, f"{path}.{name}", found[name]
