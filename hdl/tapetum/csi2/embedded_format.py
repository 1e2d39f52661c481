# SPDX-License-Identifier: Apache-2.0
"""The tagged format of embedded rows: which bytes stand before and between values."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["EMBEDDED_PADDING", "EmbeddedRegister", "EmbeddedTag", "TaggedRegister",
           "tagged_registers"]


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
    """One value of an embedded row.

    ``source`` is the path of a field of `FrameSettings`, or the words of another value, see
    `setting_value` and `result_value`.
    """

    name: str
    address: int
    width_bytes: int
    source: tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class TaggedRegister:
    """A value in its place.

    ``address_tags`` are the bytes before its first value tag; ``end`` is the number of bytes of
    the row up to its last one.
    """

    register: EmbeddedRegister
    address_tags: tuple[int, ...]
    end: int


def tagged_registers(registers: Sequence[EmbeddedRegister]) -> list[TaggedRegister]:
    """A row of values: each sets as much of the address as the one before has not left right."""
    placed: list[TaggedRegister] = []
    address, end = None, 1
    for register in registers:
        tags: list[int] = []
        if address is None or register.address >> 8 != address >> 8:
            tags += [EmbeddedTag.ADDRESS_HIGH, register.address >> 8]
        if register.address != address:
            tags += [EmbeddedTag.ADDRESS_LOW, register.address & 0xFF]
        end += len(tags) + 2 * register.width_bytes
        placed.append(TaggedRegister(register=register, address_tags=tuple(tags), end=end))
        address = register.address + register.width_bytes
    return placed
