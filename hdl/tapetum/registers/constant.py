# SPDX-License-Identifier: Apache-2.0
"""Registers that never change: what a host reads about the die that it has found."""

import struct

from .definition import Access, Register, Storage

__all__ = ["constant", "megahertz"]


def constant(name: str, address: int, value: int, sentence: str, *, width_bytes: int = 2,
             unit: str = "", note: str = "") -> Register:
    """A register that always reads as ``value``."""
    return Register(name=name, address=address, width_bytes=width_bytes, unit=unit,
                    access=Access.READ_ONLY, storage=Storage.CONSTANT, reset=value,
                    sentence=sentence, note=note)


def megahertz(name: str, address: int, value: float, sentence: str) -> Register:
    """A frequency in MHz as CCS gives it: IEEE 754, single precision."""
    bits = int.from_bytes(struct.pack(">f", value), "big")
    return constant(name, address, bits, sentence, width_bytes=4,
                    note=f"{value:g} MHz, IEEE 754 single precision.")
