# SPDX-License-Identifier: Apache-2.0
"""What the array is built for."""

from dataclasses import dataclass

from ..room_config import require

__all__ = ["NpuConfig"]


@dataclass(frozen=True, kw_only=True)
class NpuConfig:
    """Size of the array and of its memories.

    Parameters
    ----------
    cells : int
        Output channels computed at once, 2, 4 or 8; a cell has nine multipliers for each pixel.
    pixels : int
        Output pixels computed at once, 1; with 8 cells also 2, side by side.
    weight_words, parameter_words : int
        Per cell, of nine weights and of one output channel.
    activation_words : int
        Of eight bytes, per bank; there are four banks. A multiple of `bank_columns`.
    layers, schedule_entries, add_tables : int
        Capacity for a program.
    program_words, program_banks : int
        Of nine bytes: programs that wait to be used, see `ProgramMemory`.
    """

    cells: int = 8
    pixels: int = 1
    weight_words: int = 512
    parameter_words: int = 512
    activation_words: int = 1024
    layers: int = 64
    schedule_entries: int = 2048
    add_tables: int = 4
    program_words: int = 4096
    program_banks: int = 1

    @property
    def parts(self) -> int:
        """Groups of output channels that share a word of eight."""
        return max(8 // self.cells, 1)

    @property
    def rows_under_way(self) -> int:
        """Rows that may have begun and not all been written: the faster they are, the more."""
        return 4 if self.pixels > 1 else 2

    @property
    def bank_columns(self) -> int:
        """Columns of a map that a bank reads at once."""
        return 4 if self.pixels > 1 else 1

    def __post_init__(self):
        require(self.cells in (2, 4, 8), f"cells must be 2, 4 or 8, not {self.cells}.")
        require(self.pixels == 1 or (self.pixels == 2 and self.cells == 8),
                f"pixels must be 1, or 2 with 8 cells, not {self.pixels} with {self.cells}.")
        require(self.activation_words % self.bank_columns == 0,
                f"activation_words must be a multiple of {self.bank_columns}, not "
                f"{self.activation_words}.")
        limits = {"weight_words": 1 << 16, "parameter_words": 1 << 12, "activation_words": 1 << 13,
                  "layers": 64, "schedule_entries": 1 << 14, "add_tables": 8}
        for name, limit in limits.items():
            require(2 <= getattr(self, name) <= limit,
                    f"{name} must lie between 2 and {limit}, not {getattr(self, name)}.")
        require(8 <= self.program_words <= 1 << 16,
                f"program_words must lie between 8 and 65536, not {self.program_words}.")
        require(self.program_banks in (1, 2),
                f"program_banks must be 1 or 2, not {self.program_banks}.")
        require(self.program_banks == 1 or self.program_words & (self.program_words - 1) == 0,
                f"program_words of two banks must be a power of two, not {self.program_words}.")
