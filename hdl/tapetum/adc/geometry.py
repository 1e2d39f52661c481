# SPDX-License-Identifier: Apache-2.0
"""How the columns are cut into blocks and bond groups, and who owns which latch bank."""

from ..config import DieConfig

__all__ = ["BLOCK_COLUMNS", "bond_count", "bond_groups", "column_blocks", "group_spare",
           "reset_bank_count", "reset_banks"]

BLOCK_COLUMNS = 32
"""Columns that share one copy of the count: as many as its registers can drive in a clock; a
multiple of every permitted size of bond group."""


def column_blocks(config: DieConfig) -> list[range]:
    """Columns of each block; the last block may be shorter."""
    total = config.array.total_columns
    return [range(first, min(first + BLOCK_COLUMNS, total))
            for first in range(0, total, BLOCK_COLUMNS)]


def bond_groups(config: DieConfig) -> list[range]:
    """Columns of each bond group, left to right; the last group may be shorter."""
    total, size = config.array.total_columns, config.adc.bond_group_columns
    return [range(first, min(first + size, total)) for first in range(0, total, size)]


def group_spare(config: DieConfig, group: int) -> int:
    """Index of a group's spare bond: the spares follow all primary bonds."""
    return config.array.total_columns + group


def bond_count(config: DieConfig) -> int:
    """Bonds that carry comparators: one per column, and a spare per group."""
    return config.array.total_columns + len(bond_groups(config))


def reset_banks(config: DieConfig) -> list[int]:
    """Reset latch bank of each capture: its place in the exposure group.

    Of a pair both reset levels wait for both signal ramps, so each needs a bank of its own.
    """
    banks = [0] * len(config.captures)
    for group in config.exposure_groups:
        for place, capture in enumerate(group.captures):
            banks[capture] = place
    return banks


def reset_bank_count(config: DieConfig) -> int:
    """Reset latch banks that the captures need: 1 or 2."""
    return 1 + max(reset_banks(config))
