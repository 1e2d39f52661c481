# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of companding, its inverse for the host, and of uncombined output."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapetum.compand.tables import (
    OCTAVES_12,
    OCTAVES_14,
    OCTAVES_16,
    OCTAVES_20,
    OX03C10,
    CompandingTable,
)
from tapetum.config import DieConfig
from tapetum.control.frame_settings import DataFormat

__all__ = ["compand", "compand_frame", "expand", "format_bits", "slot_of",
           "table_from_window", "table_of", "table_to_window", "uncombined_values"]


def format_bits(data_format: DataFormat) -> int:
    """Width of the values that packing receives; RAW8 and RAW10 are cut from 12 bits there."""
    return max(12, int(DataFormat(data_format).name.removeprefix("RAW")))


def table_of(settings: Mapping[str, Any],
             programmed: CompandingTable | None = None) -> CompandingTable | None:
    """The table of a frame, None for the linear format.

    ``programmed`` is the table that had been loaded when the frame took its settings, if any.
    """
    bits = format_bits(settings["data_format"])
    choice = settings["companding_table"]
    if bits == 24:
        return None
    if choice == 2 and programmed is not None and programmed.output_bits == bits:
        return programmed
    return {(12, 1): OX03C10}.get((bits, choice)) or {
        12: OCTAVES_12, 14: OCTAVES_14, 16: OCTAVES_16, 20: OCTAVES_20}[bits]


def slot_of(settings: Mapping[str, Any], programmed: CompandingTable | None = None, *,
            programmed_slot: int = 5) -> int:
    """What register and embedded row say: where the frame's table lies, 7 if it has none.

    Loads fill ``programmed_slot`` 5 first, then 6, and so on in turn.
    """
    table = table_of(settings, programmed)
    if settings["uncombined"] or table is None:
        return 7
    if table is programmed:
        return programmed_slot
    return [OCTAVES_12, OX03C10, OCTAVES_14, OCTAVES_16, OCTAVES_20].index(table)


# Tables as the host sees them -------------------------------------------------------------------

WINDOW_ENTRIES = 64


def table_to_window(table: CompandingTable) -> bytes:
    """What the host writes to program a table, or reads of one: four bytes for each segment."""
    entries = [bytes([width]) + step.to_bytes(3, "big")
               for width, step in zip(table.widths_log2, table.steps, strict=True)]
    return b"".join(entries) + b"\xff\0\0\0" * (WINDOW_ENTRIES - len(entries))


def table_from_window(window: bytes, output_bits: int, name: str = "programmed"
                      ) -> CompandingTable:
    """The table that a window holds; the host inverts it with `expand`.

    Raises
    ------
    ConfigError
        If it is none, for the reason for which the die refuses it.
    """
    widths, steps = [], []
    for start in range(0, 4 * WINDOW_ENTRIES, 4):
        if window[start] == 0xFF:
            break
        widths.append(window[start])
        steps.append(int.from_bytes(window[start + 1:start + 4], "big"))
    return CompandingTable(name=name, output_bits=output_bits, widths_log2=tuple(widths),
                           steps=tuple(steps))


# Arithmetic -------------------------------------------------------------------------------------


def compand(values: ArrayLike, table: CompandingTable) -> NDArray[np.uint32]:
    """24-bit linear values through a table."""
    x = np.asarray(values, dtype=np.int64)
    ends = np.cumsum([1 << width for width in table.widths_log2])
    segment = np.searchsorted(ends, x, side="right")
    start_x = np.concatenate([[0], ends])[segment]
    start_y = np.concatenate([[0], np.cumsum(table.steps)])[segment]
    step = np.asarray(table.steps)[segment]
    width = np.asarray([1 << width for width in table.widths_log2])[segment]
    y = start_y + (x - start_x) * step // width
    return np.minimum(y, (1 << table.output_bits) - 1).astype(np.uint32)


def expand(codes: ArrayLike, table: CompandingTable) -> NDArray[np.uint32]:
    """The inverse: the smallest linear value of those that compand to each code.

    Exact: ``compand(expand(y)) == y`` for every code that the table produces. A code that it does
    not produce takes the smallest value that compands to more; codes above the last, 2**24 - 1.
    """
    y = np.asarray(codes, dtype=np.int64)
    tops = np.cumsum(table.steps)
    segment = np.minimum(np.searchsorted(tops, y, side="right"), len(tops) - 1)
    start_y = np.concatenate([[0], tops])[segment]
    widths = np.asarray([1 << width for width in table.widths_log2])
    start_x = np.concatenate([[0], np.cumsum(widths)])[segment]
    step, width = np.asarray(table.steps)[segment], widths[segment]
    x = start_x + -(-(y - start_y) * width // step)
    return np.minimum(x, (1 << 24) - 1).astype(np.uint32)


def compand_frame(values: ArrayLike, settings: Mapping[str, Any],
                  programmed: CompandingTable | None = None) -> NDArray[np.uint32]:
    """A combined frame as it goes to the packer."""
    table = table_of(settings, programmed)
    return np.asarray(values, dtype=np.uint32) if table is None else compand(values, table)


def uncombined_values(codes: ArrayLike, config: DieConfig, data_format: DataFormat
                      ) -> NDArray[np.uint32]:
    """Corrected codes, rounded to ADC bits and left-aligned to the format's width."""
    width = format_bits(data_format)
    bits = min(width, config.adc.bits)
    divisor = 1 << (config.adc.bits + config.hdr.fraction_bits - bits)
    rounded = (2 * np.asarray(codes, dtype=np.int64) + divisor) // (2 * divisor)
    return (np.minimum(rounded, (1 << bits) - 1) << (width - bits)).astype(np.uint32)
