# SPDX-License-Identifier: Apache-2.0
"""The test patterns of CCS, pixel by pixel."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum.config import ColourFilter, DieConfig

__all__ = ["pattern_row", "pn9_bits"]

SOLID, BARS, FADE, PN9 = 1, 2, 3, 4
_COLOURS = {ColourFilter.RGGB: "RGgB", ColourFilter.GRBG: "GRBg", ColourFilter.GBRG: "gBRG",
            ColourFilter.BGGR: "BgGR", ColourFilter.MONO: "RGgB"}
"""Of the pixels at (0, 0), (0, 1), (1, 0), (1, 1); G is green in red rows, g in blue rows."""
_BARS = ("RGB", "RG", "GB", "G", "RB", "R", "B", "")
"""White, yellow, cyan, green, magenta, red, blue, black."""
_DATA = "RGBg"
"""Order of the values of the solid pattern."""


def pattern_row(config: DieConfig, settings: Mapping[str, Any], row: int, columns: int,
                bits: int) -> NDArray[np.uint32]:
    """A row of the frame that is sent, values of ``bits``."""
    match getattr(settings["test_pattern"], "value", settings["test_pattern"]):
        case 1:
            values = [_solid(settings["test_data"][_DATA.index(colour)], bits)
                      for colour in _row_colours(config, settings, row, columns)]
        case 4:
            sequence = pn9_bits((row + 1) * columns * bits)[row * columns * bits:]
            values = [sum(bit << place for place, bit in enumerate(
                sequence[bits * column:bits * (column + 1)])) for column in range(columns)]
        case pattern:
            values = [_bar(config, settings, row, column, bits, colour, fades=pattern == FADE)
                      for column, colour in enumerate(
                          _row_colours(config, settings, row, columns))]
    return np.array(values, np.uint32)


def _row_colours(config: DieConfig, settings: Mapping[str, Any], row: int, columns: int) -> str:
    """Colours of a row as it is sent: flips begin with an odd row or column."""
    colours = _COLOURS[config.array.colour_filter]
    mono = config.array.colour_filter is ColourFilter.MONO
    first_row, first_column = (0, 0) if mono else (settings["flip_rows"], settings["flip_columns"])
    parity = (row + first_row) % 2
    pair = colours[2 * parity:2 * parity + 2]
    return "".join(pair[(column + first_column) % 2] for column in range(columns))


def _solid(value: int, bits: int) -> int:
    return value << bits - 16 if bits > 16 else value % (1 << bits)


def _bar(config: DieConfig, settings: Mapping[str, Any], row: int, column: int, bits: int,
         colour: str, *, fades: bool) -> int:
    half_width = max(config.array.columns // 16 // config.lanes, 1) * config.lanes
    half = column // half_width % 16
    number = 7 - half // 2 if settings["flip_columns"] else half // 2
    height = 1 << config.array.rows.bit_length() - 1
    level = row % height // 2
    if half % 2:
        level -= level % 8
    # Over the height of the pattern the fade covers half of the range, here of 24 bits.
    fade = level * (1 << 24) // height if fades else 0
    full = colour.upper() in _BARS[number]
    return ((1 << 24) - 1 - fade if full else fade) >> 24 - bits


def pn9_bits(count: int) -> list[int]:
    """The sequence of x^9 + x^5 + 1 from nine ones on, which repeats after 511 bits."""
    period = [1] * 9
    while len(period) < 511:
        period.append(period[-4] ^ period[-9])
    return (period * (count // 511 + 1))[:count]
