# SPDX-License-Identifier: Apache-2.0
"""Memories of the corrections that the host writes."""

from ..config import DieConfig
from ..registers.definition import MemoryWindow
from .defects.levels import LEVELS
from .shading_grid import ShadingGrid

__all__ = ["defect_list_window", "defect_thresholds_window", "lens_shading_window"]


def defect_list_window(config: DieConfig) -> MemoryWindow:
    """The list of known defects."""
    return MemoryWindow(
        name="defect_list", address=0x8000, entries=config.correct.defect_list_entries,
        entry_bytes=4,
        sentence="Known defects in ascending order of row and column: row in bits 31 to 20, column "
                 "in bits 16 to 4, photodiodes in bits 1 (small) and 0 (large); write only, while "
                 "defect_list_entries is 0.")


def defect_thresholds_window(config: DieConfig) -> MemoryWindow:
    """By how much pixels differ by noise alone."""
    return MemoryWindow(
        name="defect_thresholds", address=0x5000, entries=LEVELS * len(config.captures),
        entry_bytes=4,
        sentence=f"Thresholds of the correction of defects, {LEVELS} levels of each capture, in "
                 "corrected codes: defect in bits 31 to 16, support in bits 15 to 0; write only. "
                 "The first content fits the pixel that the die is designed for.")


def lens_shading_window(config: DieConfig) -> MemoryWindow:
    """The nodes of the grid against lens shading."""
    return MemoryWindow(
        name="lens_shading", address=0xC000, entries=ShadingGrid(config).indices, entry_bytes=2,
        sentence="Gains of the lens-shading grid, 1/1024 each, in the order of ShadingGrid.index; "
                 "write only.")
