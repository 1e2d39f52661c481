# SPDX-License-Identifier: Apache-2.0
"""Embedded rows in the tagged format of SMIA and CCS."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .unpack import data_bytes

__all__ = ["EmbeddedRowError", "name_values", "parse_embedded_row"]

_DUMMY = 0x55


class EmbeddedRowError(ValueError):
    """An embedded row that a parser by the book would refuse."""


class NamedRegister(Protocol):
    """Whatever has a name, an address and a width: a row of a register table."""

    @property
    def name(self) -> str:
        """Unique in its table."""
        ...

    @property
    def address(self) -> int:
        """Of its first, most significant byte."""
        ...

    @property
    def width_bytes(self) -> int:
        """Bytes, big-endian."""
        ...


def parse_embedded_row(payload: NDArray[np.uint8], bits: int) -> dict[int, int]:
    """Registers by address, one byte each, of an embedded row beside pixels of ``bits``.

    Raises
    ------
    EmbeddedRowError
        Names the first thing that breaks the rules, at which byte.
    """
    row = data_bytes(payload, bits).tolist()
    if int((payload == _DUMMY).sum()) < len(payload) - len(row):
        raise EmbeddedRowError("a dummy byte of the embedded row is not 0x55.")
    if row[0] != 0x0A:
        raise EmbeddedRowError(f"the embedded row begins with 0x{row[0]:02x}, not 0x0a.")
    registers: dict[int, int] = {}
    address = 0
    position = 1
    while position + 1 < len(row):
        tag, value = row[position:position + 2]
        if tag == 0x07:
            break
        if tag == 0xAA:
            address = address & 0xFF | value << 8
        elif tag == 0xA5:
            address = address & 0xFF00 | value
        elif tag == 0x5A:
            registers[address] = value
            address += 1
        elif tag == 0x55:
            address += 1
        else:
            raise EmbeddedRowError(f"byte {position} of the embedded row is no tag: 0x{tag:02x}.")
        position += 2
    if position >= len(row) or set(row[position:]) != {0x07}:
        raise EmbeddedRowError("the embedded row does not end with end tags 0x07.")
    return registers


def name_values(registers: Mapping[int, int], table: Iterable[NamedRegister]) -> dict[str, int]:
    """Values by name: the registers of ``table`` of which all bytes are present, big-endian."""
    values = {}
    for register in table:
        addresses = range(register.address, register.address + register.width_bytes)
        if all(address in registers for address in addresses):
            values[register.name] = int.from_bytes(
                bytes(registers[address] for address in addresses), "big")
    return values
