# SPDX-License-Identifier: Apache-2.0
"""Packet headers: check, and correct one wrong bit (CSI-2 §9.5)."""

from enum import Enum

__all__ = ["HeaderStatus", "check_header"]

# For each header bit the parity bits that it takes part in: a table of syndromes (CSI-2 table 7).
_SYNDROMES = (
    0x07, 0x0B, 0x0D, 0x0E, 0x13, 0x15, 0x16, 0x19, 0x1A, 0x1C, 0x23, 0x25,
    0x26, 0x29, 0x2A, 0x2C, 0x31, 0x32, 0x34, 0x38, 0x1F, 0x2F, 0x37, 0x3B,
)
_BIT_OF_SYNDROME = {syndrome: bit for bit, syndrome in enumerate(_SYNDROMES)}


class HeaderStatus(Enum):
    """What the code says about a header."""

    GOOD = "good"
    CORRECTED = "corrected"
    WRONG = "wrong"


def check_header(header: bytes) -> tuple[int, HeaderStatus]:
    """The 24 bits of a header of four bytes, corrected if need be, and their status."""
    bits, received = int.from_bytes(header[:3], "little"), header[3]
    syndrome = received & 0x3F
    remaining = bits
    while remaining:
        lowest = remaining & -remaining
        syndrome ^= _SYNDROMES[lowest.bit_length() - 1]
        remaining ^= lowest
    if received & 0xC0:
        return bits, HeaderStatus.WRONG
    if syndrome == 0:
        return bits, HeaderStatus.GOOD
    if syndrome.bit_count() == 1:  # the code itself is what went wrong
        return bits, HeaderStatus.CORRECTED
    if syndrome in _BIT_OF_SYNDROME:
        return bits ^ 1 << _BIT_OF_SYNDROME[syndrome], HeaderStatus.CORRECTED
    return bits, HeaderStatus.WRONG
