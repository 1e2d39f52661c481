# SPDX-License-Identifier: Apache-2.0
"""What the bytes of a transfer mean, and what the die says of it."""

from amaranth.lib import data, enum

__all__ = ["CHECK_BYTES", "HEADER_BYTES", "MARK", "MOST_BYTES", "Command", "Refusal", "SpiStatus"]

HEADER_BYTES = 4
"""Command, number or count, address (high byte first)."""
MOST_BYTES = 1024
"""Of data in one block: a transfer that every host can make, at less than 1 % of overhead."""
CHECK_BYTES = 4
MARK = 0x54
"""The first byte that the die sends in every transfer: neither what a line gives that nobody
drives, nor what a short circuit gives."""


class Command(enum.Enum, shape=8):
    """First byte of a transfer; any two differ in four bits at least."""

    STATUS = 0x00
    """Nothing but what every transfer does: to hear the status."""
    WRITE = 0xA5
    READ = 0x5A


class Refusal(enum.Enum, shape=3):
    """Why the last block was dropped."""

    NONE = 0
    """It was not: the last block was accepted, or none has come."""
    CHECK = 1
    """Its CRC-32 is wrong: damaged, or cut short."""
    LENGTH = 2
    """It ends within a byte, or has fewer bytes than header and check, or too many."""
    NUMBER = 3
    """It is not the block whose turn it is: one before it was lost, or it has come twice."""
    ROOM = 4
    """The blocks before it have not been written yet, and there is no room for it."""
    COMMAND = 5
    """No command begins with this byte."""


class SpiStatus(data.Struct):
    """``refusal`` and ``writing`` are the status byte, and the low bits of the register.

    ``writing``: bytes of accepted blocks have not reached their registers yet. ``number``: the
    block whose turn it is. ``accepted``, ``refused``: blocks, modulo 65536.
    """

    refusal: Refusal
    writing: 1
    number: 8
    accepted: 16
    refused: 16
