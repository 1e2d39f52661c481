# SPDX-License-Identifier: Apache-2.0
"""Where registers lie in the register memory: the used pages of the address space, packed."""

from collections.abc import Sequence

from .definition import Register, Storage

__all__ = ["PAGE_BYTES", "RegisterLayout"]

PAGE_BYTES = 64
"""Small enough to pack the sparse CCS map into one block memory, large enough to decode cheaply."""


class RegisterLayout:
    """Places every register in a memory of 32-bit words that holds only pages in use.

    Members
    -------
    pages : tuple of int
        Page numbers (address // `PAGE_BYTES`) in the order of their place in the memory.
    """

    def __init__(self, registers: Sequence[Register]):
        self.registers = tuple(registers)
        self.pages = tuple(sorted({r.address // PAGE_BYTES for r in self.registers}))
        self._place = {page: index for index, page in enumerate(self.pages)}

    @property
    def bytes(self) -> int:
        return len(self.pages) * PAGE_BYTES

    @property
    def words(self) -> int:
        return self.bytes // 4

    def byte_of(self, address: int) -> int:
        """Place in the memory of the byte at `address`."""
        return self._place[address // PAGE_BYTES] * PAGE_BYTES + address % PAGE_BYTES

    def word_of(self, register: Register) -> int:
        """Place of the word that holds `register`."""
        return self.byte_of(register.address) // 4

    @staticmethod
    def shift_of(register: Register) -> int:
        """Bit 0 of `register` within its word; the first byte of a word is its highest."""
        return 8 * (4 - register.address % 4 - register.width_bytes)

    @staticmethod
    def bytes_of(register: Register) -> int:
        """Byte enables of `register` within its word; bit 0 is the lowest byte."""
        return ((1 << register.width_bytes) - 1) << RegisterLayout.shift_of(register) // 8

    def attributes(self) -> "list[tuple[int, int, bool, bool]]":
        """Of each byte of the memory: reset value, writable bits, is first, is last of a register.
        """
        table = [(0, 0, False, False)] * self.bytes
        for register in self.registers:
            writable = register.mask if register.is_writable else 0
            kept = 0 if register.storage is Storage.STATUS else register.reset
            for offset, address in enumerate(register.addresses):
                shift = 8 * (register.width_bytes - 1 - offset)
                table[self.byte_of(address)] = (
                    kept >> shift & 0xFF, writable >> shift & 0xFF,
                    offset == 0, offset == register.width_bytes - 1)
        return table
