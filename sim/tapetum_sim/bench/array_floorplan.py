# SPDX-License-Identifier: Apache-2.0
"""Where the multipliers and memories of eight cells stand on an LFE5U-85F."""

import re

__all__ = ["array_floorplan"]

_RING = ((0, 1), (0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2))
"""Columns and rows of three by three places, in the order in which a vector marches."""
_CELL_SITES, _FIRST_SITE = 12, 8
_MULTIPLIER_ROWS, _MEMORY_ROWS = (10, 34, 58), (22, 46, 70)
_MULTIPLIERS = ("product_0", "product_1", "product_2", "product_3",
                "product_8", "low", "high", "cross",
                "product_4", "product_5", "product_6", "product_7")
"""Of a cell, from left to right: in the middle is what comes behind the sum of nine."""
_MEMORIES = ("parameters.block_0", "parameters.block_36", "parameters.block_72",
             "weights.block_0", "weights.block_36")
_FIRST_MEMORY = 3
_BANKS, _BANK_SLICE_BITS, _FIRST_BANK_SITE = 4, 18, 9
_MULTIPLIER = re.compile(r"\.cell_(\d+)\.(?:requantise\.)?(\w+?)_TRELLIS_FF\w*MULT18X18D")
_MEMORY = re.compile(r"\.cell_(\d+)\.(\w+\.block_\d+)\.")
_ACTIVATIONS = re.compile(r"\.activations\.bank_(\d)_0\.block_(\d+)\.")


def array_floorplan(name: str) -> str | None:
    """The site of a multiplier or memory of the array; None for what may stand anywhere.

    Where nextpnr chose the places itself its router came to no end: too many nets wanted the same
    wires. Here each cell has twelve multipliers side by side, with its memories below, and the
    cells stand in a ring around the activations.

    Parameters
    ----------
    name : str
        As yosys names it.
    """
    if found := _MULTIPLIER.search(name):
        column, row = _RING[int(found[1])]
        left, place = _block(_CELL_SITES * column + _MULTIPLIERS.index(found[2]))
        place += 2 * (place > 1)
        return f"X{left + place}/Y{_MULTIPLIER_ROWS[row]}/MULT18_{place}"
    if found := _MEMORY.search(name):
        column, row = _RING[int(found[1])]
        site = _CELL_SITES * column + _FIRST_MEMORY + _MEMORIES.index(found[2])
    elif found := _ACTIVATIONS.search(name):
        site = (_FIRST_BANK_SITE + int(found[1])
                + _BANKS * (int(found[2]) // _BANK_SLICE_BITS))
        row = 1
    else:
        return None
    left, place = _block(site)
    return f"X{left + 2 * place}/Y{_MEMORY_ROWS[row]}/EBR{place}"


def _block(site: int) -> tuple[int, int]:
    """Left edge of the block of four sites that this one belongs to, and its place there."""
    block, place = divmod(_FIRST_SITE + site, 4)
    return 4 + 9 * block + 2 * (block > 6), place
