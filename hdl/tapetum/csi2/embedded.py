# SPDX-License-Identifier: Apache-2.0
"""What the embedded row tells about its frame, and at which register addresses."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import data

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT, DataFormat, Skip
from ..registers.table import register_table
from .formats import pixel_bits

__all__ = ["EMBEDDED_PADDING", "EmbeddedRegister", "EmbeddedStatus", "EmbeddedTag",
           "embedded_registers", "register_value"]


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


class EmbeddedStatus(data.Struct):
    """What an embedded row tells besides settings.

    ``flicker_count`` and ``clipped_count`` are pixels of the combined frame before, 0 in the first
    one, at most all ones; they are taken when the row begins. ``companding_slots`` are those of
    the frames in flight, see `Compander`.
    """

    flicker_count: 24
    clipped_count: 24
    companding_slots: data.ArrayLayout(3, FRAMES_IN_FLIGHT)


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

    Names and addresses are those of the register table; the values are the frame's own. Of what
    `EmbeddedStatus` holds the row tells as much as the table has registers for.
    """
    registers = {register.name: register for register in register_table(config)}

    def register(name: str, *source: str | int):
        found = registers[name]
        return EmbeddedRegister(name=name, address=found.address, width_bytes=found.width_bytes,
                                source=source)

    def status(*names: str) -> list[EmbeddedRegister]:
        return [register(name, name) for name in names if name in registers]

    table = [
        register("csi_data_format", "csi_data_format"),
        register("fine_integration_time", "captures", 0, "fine_integration_cycles"),
        register("coarse_integration_time", "captures", 0, "coarse_integration_lines"),
        register("capture_mask", "capture_mask"),
        register("output_mode", "uncombined"),
        register("companding_table", "companding_table"),
        *status("companding_slot"),
        register("linear_pedestal", "pedestal_lsb"),
        register("frame_number", "frame_number"),
        register("frame_context", "context"),
    ]
    for group in config.exposure_groups[1:]:
        name, first = f"exposure_{group.index}", min(group.captures)
        table += [
            register(f"{name}_coarse_integration_time",
                     "captures", first, "coarse_integration_lines"),
            register(f"{name}_fine_integration_time", "captures", first, "fine_integration_cycles"),
            register(f"{name}_lag", "lag_lines", first),
        ]
    table += [
        *status("flicker_count", "clipped_count"),
        register("frame_length_lines", "frame_length_lines"),
        register("line_length_pck", "line_length_cycles"),
        register("x_addr_start", "column_start"),
        register("y_addr_start", "row_start"),
        register("x_addr_end", "column_end"),
        register("y_addr_end", "row_end"),
        register("x_odd_inc", "x_odd_inc"),
        register("y_odd_inc", "y_odd_inc"),
        register("image_orientation", "image_orientation"),
    ]
    for index in range(len(config.captures)):
        table += [
            register(f"capture_{index}_normalisation_mantissa",
                     "captures", index, "normalisation_mantissa"),
            register(f"capture_{index}_normalisation_shift",
                     "captures", index, "normalisation_shift"),
        ]
    return tuple(table)


def register_value(source: tuple[str | int, ...], settings, frame, status, slot) -> Value:
    """The hardware of one value.

    ``settings``, ``frame``, ``slot`` are the settings of its frame, its number and its companding
    slot, ``status`` is the `EmbeddedStatus`.
    """
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
        case ("companding_slot",):
            return slot
        case ("flicker_count" | "clipped_count" as count,):
            return status[count]
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
