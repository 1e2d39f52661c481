# SPDX-License-Identifier: Apache-2.0
"""Data types of the link and the sizes of its pixel formats."""

from amaranth import *
from amaranth.lib import enum

from ..control.frame_settings import DataFormat

__all__ = ["DataType", "GROUP_BYTES_LARGEST", "GROUP_PIXELS", "group_bytes", "packet_data_type",
           "pixel_bits", "select_by_format"]

GROUP_PIXELS = 4
"""Pixels packed at a time: every format fills whole bytes with four pixels."""
GROUP_BYTES_LARGEST = 12


class DataType(enum.Enum, shape=6):
    """Data types that the die sends (CSI-2 §9.4); those below 0x10 are short packets."""

    FRAME_START = 0x00
    FRAME_END = 0x01
    LINE_START = 0x02
    LINE_END = 0x03
    EMBEDDED = 0x12
    RAW24 = 0x27
    RAW8 = 0x2A
    RAW10 = 0x2B
    RAW12 = 0x2C
    RAW14 = 0x2D
    RAW16 = 0x2E
    RAW20 = 0x2F
    FLICKER_MAP = 0x30
    NETWORK_INPUT = 0x31
    VERDICT = 0x32
    NETWORK_OUTPUT = 0x33


def pixel_bits(data_format: DataFormat) -> int:
    """Bits of one pixel on the link."""
    return int(data_format.name.removeprefix("RAW"))


def group_bytes(data_format: DataFormat) -> int:
    """Bytes of four packed pixels."""
    return GROUP_PIXELS * pixel_bits(data_format) // 8


def packet_data_type(data_format: DataFormat) -> DataType:
    """Data type of a row of pixels."""
    return DataType[data_format.name]


def select_by_format(m: Module, data_format, target, choose) -> None:
    """Drive ``target`` with ``choose(format)`` of the format that ``data_format`` holds."""
    with m.Switch(data_format):
        for candidate in DataFormat:
            with m.Case(candidate):
                m.d.comb += target.eq(choose(candidate))
