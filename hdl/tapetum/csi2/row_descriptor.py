# SPDX-License-Identifier: Apache-2.0
"""What the two sides of the row buffer tell each other about a row."""

from amaranth.lib import data

from ..control.frame_settings import DataFormat
from .formats import GROUP_PIXELS

__all__ = ["RowDescriptor", "RowGroup", "frame_number"]


def frame_number(frame):
    """Of the short packets of ``frame``: 1 to 32768, then 1 again.

    Zero would mean "not counted" (CSI-2 §9.8.1); a period that is a power of two makes
    frame n number n mod 32768 + 1, always.
    """
    return frame[:15] + 1


class RowGroup(data.Struct):
    """Four pixels in the row buffer, left-justified: a format takes as many bits as it has."""

    values: data.ArrayLayout(24, GROUP_PIXELS)


class RowDescriptor(data.Struct):
    """A row that waits in the row buffer, or what is left to do of a frame without one.

    ``frame`` is the frame's number within the die; ``line_number`` counts from 1. ``groups`` is
    the row's width in groups of four pixels. ``line_sync``: the row is between a line start and a
    line end packet. ``complete``: after this row, if there is one, the frame's checksum is wanted.
    ``closes``: bottom embedded rows and frame end follow, the end after the frame's verdict if
    ``end_waits``.
    """

    virtual_channel: 2
    frame: 16
    line_number: 16
    data_format: DataFormat
    groups: 12
    line_sync: 1
    frame_start: 1
    has_row: 1
    complete: 1
    closes: 1
    end_waits: 1
