# SPDX-License-Identifier: Apache-2.0
"""What a packet on the serial line holds."""

from enum import IntEnum

__all__ = ["CODE_BYTES", "HEADER_BYTES", "MAXIMUM_BYTES", "Command", "Status"]

HEADER_BYTES = 8
"""Sequence number, command, four bytes of address, two of count; big-endian."""
CODE_BYTES = 4
"""CRC-32 (IEEE 802.3) of all before it, least significant byte first as on Ethernet."""
MAXIMUM_BYTES = 512
"""Of data in one packet."""


class Command(IntEnum):
    """What the host asks for."""

    READ = 1
    WRITE = 2


class Status(IntEnum):
    """Last byte of an answer, which begins with the sequence number of its question and has data
    between them."""

    DONE = 0
    UNKNOWN_COMMAND = 1
    WRONG_COUNT = 2
    REFUSED = 3
