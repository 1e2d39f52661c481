# SPDX-License-Identifier: Apache-2.0
"""What a controller must know of an SDRAM."""

from dataclasses import dataclass
from math import ceil

from .memory_port import BURST_WORDS

__all__ = ["ULX3S_SDRAM", "SdramChip"]


@dataclass(frozen=True, kw_only=True)
class SdramChip:
    """A single-data-rate SDRAM of 16 bits and four banks.

    Parameters
    ----------
    row_bits, column_bits : int
        Of an address.
    row_to_column_ns, precharge_ns, row_cycle_ns, refresh_cycle_ns, write_recovery_ns : float
        tRCD, tRP, tRC, tRFC and tWR of the data sheet.
    refresh_interval_ns : float
        Between two rows: 64 ms over their number.
    power_up_ns : float
        Before the first command.
    """

    row_bits: int
    column_bits: int
    row_to_column_ns: float
    precharge_ns: float
    row_cycle_ns: float
    refresh_cycle_ns: float
    write_recovery_ns: float
    refresh_interval_ns: float
    power_up_ns: float = 200_000

    @property
    def address_bits(self) -> int:
        """Of a word: row, bank, column."""
        return self.row_bits + 2 + self.column_bits

    @property
    def burst_address_bits(self) -> int:
        return self.address_bits - (BURST_WORDS - 1).bit_length()

    @property
    def bytes(self) -> int:
        return 2 << self.address_bits

    def cycles(self, name: str, clock_hz: float) -> int:
        """Clocks that the time called `name` lasts at least."""
        return max(1, ceil(getattr(self, f"{name}_ns") * 1e-9 * clock_hz - 1e-9))


ULX3S_SDRAM = SdramChip(
    row_bits=13, column_bits=9, row_to_column_ns=20, precharge_ns=20, row_cycle_ns=65,
    refresh_cycle_ns=70, write_recovery_ns=15, refresh_interval_ns=64e6 / 8192)
"""The slowest of the 32 MB chips on ULX3S boards (IS42S16160G-7, MT48LC16M16A2-75, W9825G6KH-6):
each time is the longest of them."""
