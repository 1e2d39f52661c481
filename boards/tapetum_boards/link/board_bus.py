# SPDX-License-Identifier: Apache-2.0
"""Everything on a board by one address."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BOARD_REGISTERS", "DIE_REGISTERS", "MEMORY", "PICTURE_TABLES", "BoardBus"]

DIE_REGISTERS = 0x0000_0000
"""65,536 bytes: the addresses of CCI."""
BOARD_REGISTERS = 0x0001_0000
PICTURE_TABLES = 0x0002_0000
"""Captions, letters and curves of the picture; they can only be written."""
MEMORY = 0x8000_0000
"""The board's SDRAM, in whole bursts."""


class BoardBus(wiring.Signature):
    """A byte after the other, seen from the master.

    Members
    -------
    address : Out(32), write : Out(1), write_data : Out(8)
        Still from ``request`` until ``done``.
    request : Out(1)
        Strobe.
    done : In(1)
        Strobe, a clock after ``request`` or later; with it ``read_data`` is valid.
    read_data : In(8)
    refused : In(1)
        With ``done``: there is nothing at this address, or not in such pieces.
    """

    def __init__(self):
        super().__init__({
            "address": Out(32), "write": Out(1), "write_data": Out(8), "request": Out(1),
            "done": In(1), "read_data": In(8), "refused": In(1),
        })
