# SPDX-License-Identifier: Apache-2.0
"""Where on the screen and where in memory everything of the picture is."""

import enum
from dataclasses import dataclass

from amaranth.lib import data
from amaranth.lib import enum as amaranth_enum

from tapetum.config import PixelArrayConfig

from ..memory.memory_port import BURST_BYTES, BURST_WORDS, WORD_BITS
from .video_timing import VideoTiming

__all__ = ["BUFFERS", "CELL_PIXELS", "PICTURE_MODES", "PictureLayout", "PictureState", "Plane"]

BUFFERS = 4
"""Frames of a plane in memory: the one shown, the one written, and one on each side of these."""
CELL_PIXELS = 16
"""Of a character: 8x8 dots, doubled."""


class PICTURE_MODES(amaranth_enum.Enum, shape=2):
    """Number of each in the board's registers."""

    SPLIT = 0
    FLICKER_MAP = 1
    VERDICT = 2
    CAPTURE = 3


class Plane(enum.Enum):
    """What is kept of a frame."""

    CAPTURE = 0
    COMBINED = 1
    MARKS = 2


class PictureState(data.Struct):
    """What the picture tells beside its pixels; holds still while a frame of the screen is shown.

    Members
    -------
    capture : 2
        Which one is on the left.
    has_verdict, class_number, score
        Of the last verdict.
    marked : 1
        The last frame came with a flicker map.
    fault : 1
        The die's error pin.
    """

    mode: PICTURE_MODES
    capture: 2
    class_number: 8
    score: 8
    has_verdict: 1
    marked: 1
    fault: 1


@dataclass(frozen=True, kw_only=True)
class PictureLayout:
    """One capture and the combined frame side by side, or one of them at twice that size.

    ::

        split:  heading | heading      else:  heading | heading   (over the picture)
                ────────┼────────             ──────────────────
                capture | combined                 combined
                ────────┼────────             ──────────────────
                  state | verdict               state | verdict

    Raises
    ------
    ValueError
        If the frames do not fit the screen, or a row is not made of whole bursts.
    """

    array: PixelArrayConfig
    timing: VideoTiming

    def __post_init__(self):
        if self.array.columns % BURST_BYTES:
            raise ValueError(f"a row of the picture must be a multiple of {BURST_BYTES} pixels, "
                             f"not {self.array.columns}.")
        if self.scale < 1:
            raise ValueError(f"two frames of {self.array.columns}x{self.array.rows} do not fit a "
                             f"screen of {self.timing.columns}x{self.timing.rows}.")

    @property
    def scale(self) -> int:
        """Screen pixels across a sensor pixel when split; twice as many otherwise."""
        return min(self.timing.columns // (2 * self.array.columns),
                   self.timing.rows // (2 * self.array.rows))

    # Screen --------------------------------------------------------------------------------------

    @property
    def middle(self) -> int:
        """First column of the right half."""
        return self.timing.columns // 2

    @property
    def left(self) -> int:
        """First column of all pictures; they end as far from the other edge."""
        return self.middle - self.array.columns * self.scale

    @property
    def right(self) -> int:
        return self.middle + self.array.columns * self.scale

    def height(self, *, full: bool) -> int:
        return self.array.rows * self.scale * (2 if full else 1)

    def top(self, *, full: bool) -> int:
        return (self.timing.rows - self.height(full=full)) // 2

    def bottom(self, *, full: bool) -> int:
        return self.top(full=full) + self.height(full=full)

    def heading_cell(self, *, full: bool) -> int:
        """Row of characters."""
        return 1 if full else max(self.top(full=False) // CELL_PIXELS - 2, 0)

    def verdict_cell(self, *, full: bool) -> int:
        """Row of characters; the bar of the score is in the one below."""
        if full:
            return self.timing.rows // CELL_PIXELS - 2
        return self.bottom(full=False) // CELL_PIXELS + 1

    # Memory --------------------------------------------------------------------------------------

    def row_words(self, plane: Plane) -> int:
        """Words of a row: two pixels each, or sixteen marks; whole bursts."""
        if plane is Plane.MARKS:
            return -(-self.array.columns // (BURST_WORDS * WORD_BITS)) * BURST_WORDS
        return self.array.columns // 2

    def row_bursts(self, plane: Plane) -> int:
        return self.row_words(plane) // BURST_WORDS

    @property
    def offset_bits(self) -> int:
        """Of a burst within one frame of one plane."""
        return (self.array.rows * self.row_bursts(Plane.COMBINED) - 1).bit_length()

    @property
    def memory_bursts(self) -> int:
        """Of all planes and buffers."""
        return 1 << self.offset_bits + 4

    def burst(self, plane: Plane, buffer: int, address_bits: int) -> int:
        """First burst of a frame: the planes lie at the upper end of the memory."""
        above = (1 << address_bits) - self.memory_bursts
        return above | (plane.value << 2 | buffer) << self.offset_bits
