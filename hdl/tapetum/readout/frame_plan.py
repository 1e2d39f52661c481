# SPDX-License-Identifier: Apache-2.0
"""What the pointers of one frame must know: its number, its captures, its rows."""

from amaranth.lib import data

from ..config import DieConfig
from ..control.frame_settings import Skip
from ..pixel import RowKind

__all__ = ["FramePlan", "RowPosition", "RowWindow"]


class RowWindow(data.Struct):
    """Active rows of a frame in the order in which they are read.

    ``first`` is the array row of the first one; ``last_row`` is their number less one. ``skip``
    and ``flip`` say how to step from one to the next.
    """

    first: 12
    last_row: 12
    skip: Skip
    flip: 1


class FramePlan(data.StructLayout):
    """One frame, from its planning until all its pointers have started."""

    def __init__(self, config: DieConfig):
        super().__init__({
            "frame": 16,
            "capture_mask": len(config.captures),
            "window": RowWindow,
        })


class RowPosition(data.StructLayout):
    """The row that a read pointer stands on, for one line.

    ``first`` and ``last`` mark the first and last active row; ``capture_mask`` is that of the
    frame being read; ``enabled`` is low where it masks the pointer's whole group.
    """

    def __init__(self, config: DieConfig):
        super().__init__({
            "active": 1,
            "enabled": 1,
            "frame": 16,
            "capture_mask": len(config.captures),
            "physical_row": 12,
            "array_row": 12,
            "row": 12,
            "row_kind": RowKind,
            "first": 1,
            "last": 1,
        })
