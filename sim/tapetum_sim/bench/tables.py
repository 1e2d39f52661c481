# SPDX-License-Identifier: Apache-2.0
"""Results of the benches as tables for a terminal."""

from typing import Any

from rich import box
from rich.table import Table

__all__ = ["fpga_table", "npu_table", "speed_table"]


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


def npu_table(report: dict[str, Any]) -> Table:
    """One line per network and size of the array, then what others need."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left",
                  caption="use: multiplications per cycle and multiplier, depthwise layers of "
                  "nine multipliers a cell")
    table.add_column("network", style="bold", no_wrap=True)
    for heading in ("MAC/cycle", "cycles", "RTL", "model", "use", "depthwise", "waits",
                    "activations", "weights", "compile s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in report["results"]:
        table.add_row(
            result["network"], str(result["multipliers"]), f"{result['cycles']:,}",
            _or_dash(result["rtl_cycles"], ","), _or_dash(result["model_error"], "+.2%"),
            f"{result['utilisation']:.1%}", _or_dash(result["depthwise_utilisation"], ".1%"),
            f"{result['waits']:,}", f"{result['activation_bytes']:,}",
            f"{result['weight_bytes']:,}", f"{result['compile_s']:.1f}")
    for peer in report["peers"]:
        for network, cycles in (("VWW", peer["vww_cycles"]), ("ResNet8", peer["resnet8_cycles"])):
            table.add_row(f"{network}: {peer['system']}", str(peer["macs_per_cycle"]),
                          f"{cycles:,}", style="dim")
    return table


def npu_verdict_table(report: dict[str, Any]) -> Table:
    """How soon the result is there, if rows come slowly."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left",
                  caption="from the last input row to the result, with a row every "
                  f"{report['row_period_cycles']:,} cycles")
    table.add_column("network", style="bold", no_wrap=True)
    for heading in ("MAC/cycle", "cycles", "RTL", "activations"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in report["results"]:
        table.add_row(
            result["network"], str(result["multipliers"]), f"{result['verdict_cycles']:,}",
            _or_dash(result["rtl_verdict_cycles"], ","),
            f"{result['verdict_activation_bytes']:,}")
    return table


def _or_dash(value: float | None, style: str) -> str:
    return "–" if value is None else format(value, style)


def _last_line(text: str) -> str:
    return text.splitlines()[-1][:100]
