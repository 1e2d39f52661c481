# SPDX-License-Identifier: Apache-2.0
"""What the embedded row tells about its frame, and at which register addresses."""

from dataclasses import dataclass

from amaranth import *

from ..config import DieConfig
from ..control.frame_settings import DataFormat, Skip
from .formats import pixel_bits

__all__ = ["EMBEDDED_PADDING", "EmbeddedRegister", "EmbeddedTag", "embedded_registers",
           "register_value"]


class EmbeddedTag:
    """Bytes that say what the next byte of an embedded row is (SMIA 1.0 §7.15, CCS §6.4)."""

    LINE_START = 0x0A
    ADDRESS_HIGH = 0xAA
    ADDRESS_LOW = 0xA5
    VALUE = 0x5A
    END = 0x07


EMBEDDED_PADDING = 0x5555
"""Bits below each byte: an embedded row is a row of pixels whose upper eight bits are its bytes,
so that the packing itself yields the dummy bytes 0x55 that every format asks for."""


@dataclass(frozen=True, kw_only=True)
class EmbeddedRegister:
    """One value of the embedded row.

    ``source`` is the path of a field of `FrameSettings`, or the one word of a derived value.
    """

    name: str
    address: int
    width_bytes: int
    source: tuple[str | int, ...]


def embedded_registers(config: DieConfig) -> tuple[EmbeddedRegister, ...]:
    """The embedded row in its order: what a narrow row has no room for is at the end.

    Names and addresses are those of the register table; the values are the frame's own.
    """
    def register(name: str, address: int, width_bytes: int, *source: str | int):
        return EmbeddedRegister(name=name, address=address, width_bytes=width_bytes,
                                source=source)

    table = [
        register("frame_count", 0x0005, 1, "frame_count"),
        register("csi_data_format", 0x0112, 2, "csi_data_format"),
        register("fine_integration_time", 0x0200, 2, "captures", 0, "fine_integration_cycles"),
        register("coarse_integration_time", 0x0202, 2, "captures", 0, "coarse_integration_lines"),
        register("capture_mask", 0x3000, 1, "capture_mask"),
        register("output_mode", 0x3001, 1, "uncombined"),
        register("companding_table", 0x3002, 1, "companding_table"),
        register("linear_pedestal", 0x3003, 1, "pedestal_lsb"),
        register("frame_number", 0x3004, 2, "frame_number"),
    ]
    for group in config.exposure_groups[1:]:
        name, base = f"exposure_{group.index}", 0x3100 + 16 * group.index
        first = min(group.captures)
        table += [
            register(f"{name}_coarse_integration_time", base, 2,
                     "captures", first, "coarse_integration_lines"),
            register(f"{name}_fine_integration_time", base + 2, 2,
                     "captures", first, "fine_integration_cycles"),
            register(f"{name}_lag", base + 4, 1, "lag_lines", first),
        ]
    table += [
        register("frame_length_lines", 0x0340, 2, "frame_length_lines"),
        register("line_length_pck", 0x0342, 2, "line_length_cycles"),
        register("x_addr_start", 0x0344, 2, "column_start"),
        register("y_addr_start", 0x0346, 2, "row_start"),
        register("x_addr_end", 0x0348, 2, "column_end"),
        register("y_addr_end", 0x034A, 2, "row_end"),
        register("x_odd_inc", 0x0382, 2, "x_odd_inc"),
        register("y_odd_inc", 0x0386, 2, "y_odd_inc"),
        register("image_orientation", 0x0101, 1, "image_orientation"),
    ]
    for index in range(len(config.captures)):
        base = 0x3200 + 16 * index
        table += [
            register(f"capture_{index}_normalisation_mantissa", base, 2,
                     "captures", index, "normalisation_mantissa"),
            register(f"capture_{index}_normalisation_shift", base + 2, 1,
                     "captures", index, "normalisation_shift"),
        ]
    return tuple(table)


def register_value(source: tuple[str | int, ...], settings, frame) -> Value:
    """The hardware of one value, from the settings and the number of its frame."""
    increments = {Skip.NONE: 1, Skip.TWO_OF_FOUR: 3, Skip.TWO_OF_EIGHT: 7}

    def by_value(selector, table: dict) -> Value:
        # Chosen by the enumeration's number; numbers that it does not have yield zero.
        chosen = C(0, 16)
        for candidate, number in table.items():
            chosen = Mux(Value.cast(selector) == candidate.value, number, chosen)
        return chosen

    match source:
        case ("frame_number",):
            return frame
        case ("frame_count",):
            return frame[:8]
        case ("csi_data_format",):
            # Uncompressed and compressed bits per pixel, which are the same.
            return by_value(settings.data_format,
                            {f: pixel_bits(f) * 0x0101 for f in DataFormat})
        case ("x_odd_inc",):
            return by_value(settings.column_skip, increments)
        case ("y_odd_inc",):
            return by_value(settings.row_skip, increments)
        case ("image_orientation",):
            return Cat(settings.flip_columns, settings.flip_rows)
    field = settings
    for step in source:
        field = field[step]
    return Value.cast(field)
