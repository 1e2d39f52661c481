# SPDX-License-Identifier: Apache-2.0
"""What the embedded rows below a frame tell, and how many of them there are."""

from ..config import DieConfig
from ..registers.array import array_registers
from ..registers.manufacturer import manufacturer_registers
from .embedded_format import EmbeddedRegister, tagged_registers

__all__ = ["TOP_ROWS", "bottom_rows"]

TOP_ROWS = 1
"""Embedded rows above a frame: what a narrow one has no room for is left out."""


def bottom_rows(config: DieConfig) -> tuple[tuple[EmbeddedRegister, ...], ...]:
    """The values of each row; a frame of the whole array has room for all of them.

    They are in the order of importance. The last row begins with the checksum of the frame's
    pixels, so that no row is too narrow for it that has 16 pixels.
    """
    known = {register.name: register
             for register in (*manufacturer_registers(config), *array_registers(config))}

    def told(name: str, *source: str | int) -> EmbeddedRegister:
        found = known[name]
        return EmbeddedRegister(name=name, address=found.address, width_bytes=found.width_bytes,
                                source=("results", *source) if source else (name,))

    checksum = told("frame_checksum", "checksum")
    others = [told("frame_number"), told("fault_status", "fault_status")]
    if config.npu:
        others += [told(name, name) for name in ("verdict_flags", "verdict_class", "verdict_score")]
    others += [told(name, name) for name in ("flicker_count", "clipped_count")]
    others += [told(f"capture_{index}_corrected_defects", "corrected", index)
               for index in range(len(config.captures))]

    rows: list[list[EmbeddedRegister]] = [[]]
    for register in others:
        if rows[-1] and not _fits(config, [*rows[-1], register]):
            rows.append([])
        rows[-1].append(register)
    if _fits(config, [checksum, *rows[-1]]):
        rows[-1].insert(0, checksum)
    else:
        rows.append([checksum])
    return tuple(tuple(row) for row in rows)


def _fits(config: DieConfig, row: list[EmbeddedRegister]) -> bool:
    """One byte for each pixel, the last of them an end tag."""
    return tagged_registers(row)[-1].end < config.array.columns
