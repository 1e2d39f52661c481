# SPDX-License-Identifier: Apache-2.0
"""Registers by which a host finds out what it speaks to and what a frame looks like."""

from ..config import DieConfig
from ..csi2.bottom_rows import TOP_ROWS, bottom_rows
from .ccs_codes import CCS_DATA_FORMATS, CCS_PIXEL_ORDER, MANUFACTURER_ID, VISIBLE_PIXELS
from .constant import constant
from .definition import Access, Field, Register, Storage

__all__ = ["frame_format_status", "identity_registers"]

_EMBEDDED_DATA = 1
_LARGEST_SHORT_COUNT = (1 << 12) - 1
"""A descriptor of two bytes counts so far."""


def identity_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration."""
    return [*_identification(config), *_frame_format(config), *_data_format()]


def _identification(config: DieConfig) -> list[Register]:
    return [
        constant("module_model_id", 0x0000, 1, "Model of the module."),
        constant("module_revision_number_major", 0x0002, 0, "Major revision of the module.",
                 width_bytes=1),
        Register(name="frame_count", address=0x0005, access=Access.READ_ONLY,
                 storage=Storage.STATUS, reset=0xFF, unit="frames",
                 sentence="Number of the last frame that was planned, modulo 255.",
                 limits="0 to 254 while streaming, 255 in standby"),
        Register(name="pixel_order", address=0x0006, access=Access.READ_ONLY,
                 storage=Storage.STATUS, reset=CCS_PIXEL_ORDER[config.array.colour_filter],
                 sentence="Colours of the first pixels of the first rows, as flips leave them.",
                 fields=(Field(name="order", lsb=0, bits=2, sentence="Order of the colours.",
                               values=((0, "GRBG"), (1, "RGGB"), (2, "BGGR"), (3, "GBRG"))),),
                 note="A monochrome array reports RGGB and ignores flips."),
        constant("mipi_ccs_version", 0x0007, 0x11, "Version 1.1 of CCS.", width_bytes=1),
        constant("module_manufacturer_id", 0x000E, MANUFACTURER_ID,
                 'Maker of the module: ASCII "TP", not assigned by MIPI.'),
        constant("module_revision_number_minor", 0x0010, 1, "Minor revision of the module.",
                 width_bytes=1),
        constant("sensor_model_id", 0x0016, 1, "Model of the die."),
        constant("sensor_revision_number", 0x0018, 1, "Revision of the die.", width_bytes=1),
        constant("sensor_firmware_version", 0x001A, 0, "The die runs no firmware.",
                 width_bytes=1),
        constant("sensor_manufacturer_id", 0x0020, MANUFACTURER_ID,
                 'Maker of the die: ASCII "TP", not assigned by MIPI.'),
        constant("sensor_revision_number_16", 0x0022, 1, "The same revision in two bytes."),
    ]


def _descriptors(config: DieConfig) -> list[tuple[str, int, int]]:
    """What, code and count of each part of a frame: columns, then rows from the top."""
    array = config.array
    parts = [("columns of the image", VISIBLE_PIXELS, array.columns),
             ("rows of embedded data at the top", _EMBEDDED_DATA, TOP_ROWS),
             ("rows of the image", VISIBLE_PIXELS, array.rows),
             ("rows of embedded data at the bottom", _EMBEDDED_DATA, len(bottom_rows(config)))]
    return [part for part in parts if part[2]]


def _is_short(config: DieConfig) -> bool:
    return max(config.array.columns, config.array.rows) <= _LARGEST_SHORT_COUNT


def _descriptor_name(index: int) -> str:
    return f"frame_format_descriptor_{index}"


def _frame_format(config: DieConfig) -> list[Register]:
    parts, short = _descriptors(config), _is_short(config)
    base, width_bytes, count_bits, code_lsb = (
        (0x0042, 2, 12, 12) if short else (0x0060, 4, 16, 28))
    table = [
        constant("frame_format_model_type", 0x0040, 1 if short else 2,
                 f"Descriptors of the frame format are of {width_bytes} bytes.", width_bytes=1),
        constant("frame_format_model_subtype", 0x0041, 1 << 4 | len(parts) - 1,
                 "Numbers of descriptors: high half for columns, low half for rows.",
                 width_bytes=1),
    ]
    for index, (what, code, count) in enumerate(parts):
        follows = code == VISIBLE_PIXELS
        table.append(Register(
            name=_descriptor_name(index), address=base + width_bytes * index,
            width_bytes=width_bytes, access=Access.READ_ONLY,
            storage=Storage.STATUS if follows else Storage.CONSTANT,
            reset=code << code_lsb | count,
            sentence=f"Of a frame: {what}.",
            note="As the settings last written leave them." if follows else "",
            fields=(Field(name="count", lsb=0, bits=count_bits, sentence="How many."),
                    Field(name="code", lsb=code_lsb, bits=4, sentence="What they hold.",
                          values=((_EMBEDDED_DATA, "embedded data"),
                                  (VISIBLE_PIXELS, "visible pixels"))))))
    return table


def frame_format_status(config: DieConfig) -> tuple[str, str]:
    """Names of the descriptors that follow the settings: columns and rows of the image."""
    columns, rows = (_descriptor_name(index)
                     for index, (_, code, _) in enumerate(_descriptors(config))
                     if code == VISIBLE_PIXELS)
    return columns, rows


def _data_format() -> list[Register]:
    return [
        constant("data_format_model_type", 0x00C0, 1, "Data format descriptors are of 2 bytes.",
                 width_bytes=1),
        constant("data_format_model_subtype", 0x00C1, len(CCS_DATA_FORMATS),
                 "Number of data format descriptors.", width_bytes=1),
        *(constant(f"data_format_descriptor_{index}", 0x00C2 + 2 * index, code,
                   f"Data format {index}: {code >> 8} bits before and after packing.")
          for index, code in enumerate(CCS_DATA_FORMATS)),
    ]
