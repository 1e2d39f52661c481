# SPDX-License-Identifier: Apache-2.0
"""``tapetum presets``."""

from rich import box
from rich.console import Console
from rich.table import Table

__all__ = ["presets"]


def presets() -> None:
    """List the presets with their line time, frame rate and the margins that are left.

    Row margin: the share of a line that all conversions of a row leave free.

    Link margin: the share of a line's CSI-2 bytes that a RAW24 row and its flicker map
    leave free.

    Memory margin: the share of a line in which the ports of the line buffers are free.

    Example: [bold]tapetum presets[/bold]
    """
    from tapetum.presets import PRESETS

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("preset", style="bold", no_wrap=True)
    for heading in ("pixels", "px/clk", "captures", "ADC", "frames/s", "line µs", "row margin",
                    "link margin", "line buffers", "memory margin"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, config in PRESETS.items():
        row_left = 1 - config.row_timing.line_cycles / config.timing.line_length_cycles
        link_left = 1 - config.link_bytes_per_row / config.link_bytes_per_line
        table.add_row(
            name, f"{config.array.columns}x{config.array.rows}", str(config.lanes),
            str(len(config.captures)), f"{config.adc.bits} bit", f"{1 / config.frame_time_s:.1f}",
            f"{config.line_time_s * 1e6:.2f}", f"{row_left:.1%}", f"{link_left:.1%}",
            f"{config.line_buffer_bits / 1e3:.0f} kbit", f"{1 - config.line_buffer_occupancy:.1%}")
    console = Console()
    Console(width=max(console.width, 128) if not console.is_terminal else None).print(table)
