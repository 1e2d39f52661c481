# SPDX-License-Identifier: Apache-2.0
"""Which part of a frame the network sees, at which size: what the host says, what the die needs."""

from dataclasses import dataclass
from typing import Any

from amaranth.lib import data

from ..config import DieConfig
from ..room_config import ColourFilter, require
from .vision_config import VisionConfig

__all__ = ["RECIPROCAL_BITS", "Region", "VisionConfig", "VisionSettings", "cell_pixels",
           "vision_settings", "whole_frame"]

RECIPROCAL_BITS = 18
"""Of the mantissa, its top bit set: one side of a multiplier."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """Pixels of the combined frame in its own order; even numbers under a colour filter."""

    column_start: int
    row_start: int
    columns: int
    rows: int


class VisionSettings(data.Struct):
    """Of one frame.

    ``cells_x`` and ``cells_y`` count cells of the region: 2x2 pixels, or the pixel of a mono die.
    ``columns`` and ``rows`` are the network's. ``rgb`` asks for three channels instead of one.
    The reciprocal of the region's cells is ``reciprocal / 2**(17 + reciprocal_shift)``.
    """

    enable: 1
    rgb: 1
    column_start: 13
    row_start: 12
    cells_x: 13
    cells_y: 12
    columns: 8
    rows: 8
    reciprocal: RECIPROCAL_BITS
    reciprocal_shift: 5


def cell_pixels(config: DieConfig) -> int:
    """Width and height of a cell in pixels."""
    return 1 if config.array.colour_filter is ColourFilter.MONO else 2


def whole_frame(config: DieConfig) -> Region:
    """The default region."""
    return Region(column_start=0, row_start=0, columns=config.array.columns,
                  rows=config.array.rows)


def vision_settings(config: DieConfig, region: Region, *, columns: int, rows: int,
                    channels: int = 1, vision: VisionConfig | None = None) -> dict[str, Any]:
    """`VisionSettings` for a region and the input of a network.

    Raises
    ------
    ConfigError
        If the region leaves the frame, is smaller than the input or cuts a cell, if a mono die is
        asked for three channels, or if the input is larger than the room was built for.
    """
    vision, array, cell = vision or VisionConfig(), config.array, cell_pixels(config)
    require(channels in (1, 3), f"the network's input must have 1 or 3 channels, not {channels}.")
    require(channels == 1 or cell == 2,
            "a die without a colour filter has one channel; take a network with one.")
    cells = {}
    for axis, start, length, size, wanted, largest in (
            ("columns", region.column_start, region.columns, array.columns, columns,
             vision.largest_columns),
            ("rows", region.row_start, region.rows, array.rows, rows, vision.largest_rows)):
        require(start >= 0 and length > 0 and start + length <= size,
                f"the region's {axis} {start} to {start + length - 1} must lie within the frame's "
                f"{size}.")
        require(start % cell == 0 and length % cell == 0,
                f"the region's {axis} must begin and end at even pixels, so that it holds whole "
                f"cells of the colour filter.")
        cells[axis] = length // cell
        require(1 <= wanted <= largest,
                f"the network's {axis} must lie between 1 and {largest}, not {wanted}.")
        require(wanted <= cells[axis],
                f"the region has {cells[axis]} {axis} of cells, but the network asks for {wanted}; "
                f"enlarge the region.")
    area = cells["columns"] * cells["rows"]
    shift = (area - 1).bit_length()
    reciprocal = round((1 << RECIPROCAL_BITS - 1 + shift) / area)
    return {
        "enable": 1, "rgb": int(channels == 3),
        "column_start": region.column_start, "row_start": region.row_start,
        "cells_x": cells["columns"], "cells_y": cells["rows"], "columns": columns, "rows": rows,
        "reciprocal": min(reciprocal, (1 << RECIPROCAL_BITS) - 1), "reciprocal_shift": shift,
    }
