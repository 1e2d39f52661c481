# SPDX-License-Identifier: Apache-2.0
"""Words of a plane of the picture, and the ends of its rows and frames."""

from amaranth.lib import data, enum

from ..memory.memory_port import WORD_BITS

__all__ = ["PlaneStep", "PlaneWord"]


class PlaneStep(enum.Enum, shape=2):
    """What a `PlaneWord` is."""

    WORD = 0
    ROW_END = 1
    FRAME_END = 2


class PlaneWord(data.Struct):
    """Two pixels or sixteen marks, the first of them in the upper byte; or an end."""

    word: WORD_BITS
    step: PlaneStep
