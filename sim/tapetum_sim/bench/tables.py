# SPDX-License-Identifier: Apache-2.0
"""Results of the benches as tables for a terminal."""

from typing import Any

from rich import box
from rich.table import Table

__all__ = ["fpga_table", "speed_table"]


def speed_table(report: dict[str, Any]) -> Table:
    """One line per preset and way of conversion: speed, and what the run cost."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left",
                  caption=f"{report['frames']} frames, {report['machine']['processor']}, "
                  f"{report['machine']['cores']} cores, load {report['machine']['load_average']}")
    table.add_column("preset", style="bold", no_wrap=True)
    table.add_column("conversion", no_wrap=True)
    for heading in ("kcycles/s", "s/frame", "build s", "simulation s", "pixel die s", "models s",
                    "report s", "differ"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, conversions in report["presets"].items():
        for conversion, entry in conversions.items():
            if entry is None:
                continue
            cost = entry["cost_s"]
            table.add_row(
                name, conversion.replace("_", " "), f"{entry['cycles_per_second'] / 1e3:,.0f}",
                f"{entry['seconds_per_frame']:.2f}",
                "cached" if entry["build_was_cached"] else f"{cost['build']:.1f}",
                f"{cost['simulation']:.1f}", f"{cost['pixel_die']:.1f}",
                f"{cost['models']:.1f}", f"{cost['report']:.1f}", f"{entry['mismatches']:,}")
            name = ""  # once per preset
    return table


def fpga_table(report: dict[str, Any]) -> Table:
    """One line per room and clock: frequency against the target, and area."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left",
                  caption=f"{report['preset']}, {report['lanes']} pixels per clock, on "
                  f"{report['device']}, out of context with "
                  f"registered ports, target {report['target_mhz']} MHz")
    table.add_column("room", style="bold", no_wrap=True)
    table.add_column("clock")
    for heading in ("MHz", "margin", "LUT4", "FF", "DSP18", "block RAM", "s"):
        table.add_column(heading, justify="right", no_wrap=heading != "margin")
    for room, result in report["rooms"].items():
        if result["error"]:
            table.add_row(room, "", f"[red]failed: {_last_line(result['error'])}[/]")
            continue
        area = [f"{result['lut4']:,}", f"{result['flip_flops']:,}", str(result["dsp18"]),
                str(result["block_ram"]), f"{result['wall_s']:.0f}"]
        for clock, mhz in result["mhz"].items():
            margin = result["margin"][clock]
            table.add_row(room, clock, f"{mhz:.1f}",
                          f"[{'red' if margin < 0 else 'green'}]{margin:+.0%}[/]", *area)
            room, area = "", [""] * 5
    return table


def _last_line(text: str) -> str:
    return text.splitlines()[-1][:100]
