# SPDX-License-Identifier: Apache-2.0
"""Companding tables as plain data: what is built in, and what a table must satisfy."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..config import ConfigError

__all__ = ["BUILT_IN_TABLES", "CompandingTable", "END_OF_TABLE", "LINEAR_BITS", "NO_TABLE",
           "OCTAVES_12", "OCTAVES_14", "OCTAVES_16", "OCTAVES_20", "OX03C10",
           "PROGRAMMABLE_SLOTS", "SEGMENT_CAPACITY", "Segment", "octaves", "segment_words"]

LINEAR_BITS = 24
SEGMENT_CAPACITY = 64


@dataclass(frozen=True, kw_only=True)
class Segment:
    """``y = start_y + (((x - start_x) * step) >> width_log2)`` from ``start_x`` on.

    ``step`` is the rise over the segment's whole width of ``2**width_log2``.
    """

    start_x: int
    start_y: int
    width_log2: int
    step: int


@dataclass(frozen=True, kw_only=True)
class CompandingTable:
    """A monotone, piecewise linear map from 24 bits linear to fewer.

    Parameters
    ----------
    output_bits : int
        12 to 20.
    widths_log2, steps : sequences of int
        Of each segment: width as a power of two, rise in output codes.

    Raises
    ------
    ConfigError
        If the widths do not sum to 2**24, the steps do not end just below full scale, or a
        segment does not rise or rises by more than 17 bits hold.
    """

    name: str
    output_bits: int
    widths_log2: Sequence[int]
    steps: Sequence[int]

    def __post_init__(self):
        def require(condition: bool, reason: str) -> None:
            if not condition:
                raise ConfigError(f"companding table {self.name}: {reason}")

        count = len(self.widths_log2)
        require(12 <= self.output_bits <= 20,
                f"output_bits must lie between 12 and 20, not {self.output_bits}.")
        require(1 <= count <= SEGMENT_CAPACITY,
                f"a table has 1 to {SEGMENT_CAPACITY} segments, not {count}.")
        require(len(self.steps) == count,
                f"{count} widths need as many steps, not {len(self.steps)}.")
        for index, (width_log2, step) in enumerate(zip(self.widths_log2, self.steps, strict=True)):
            require(0 <= width_log2 < LINEAR_BITS,
                    f"width_log2 of segment {index} must lie between 0 and 23, not {width_log2}.")
            require(1 <= step < 1 << 17,
                    f"step of segment {index} must lie between 1 and 131071, not {step}, or the "
                    f"table does not rise.")
        width = sum(1 << width_log2 for width_log2 in self.widths_log2)
        require(width == 1 << LINEAR_BITS,
                f"the widths sum to {width}, but they must fill 2**24 = {1 << LINEAR_BITS}.")
        rise, full_scale = sum(self.steps), 1 << self.output_bits
        require(full_scale - SEGMENT_CAPACITY < rise <= full_scale,
                f"the steps sum to {rise}, but they must end within {SEGMENT_CAPACITY} below "
                f"{full_scale}.")

    @property
    def segments(self) -> tuple[Segment, ...]:
        x = y = 0
        segments = []
        for width_log2, step in zip(self.widths_log2, self.steps, strict=True):
            segments.append(Segment(start_x=x, start_y=y, width_log2=width_log2, step=step))
            x, y = x + (1 << width_log2), y + step
        return tuple(segments)

    @property
    def knots(self) -> tuple[tuple[int, int], ...]:
        """Corners (x, y) of the curve, the end at 2**24 included."""
        end = (1 << LINEAR_BITS, sum(self.steps))
        return (*((segment.start_x, segment.start_y) for segment in self.segments), end)


def octaves(output_bits: int) -> CompandingTable:
    """2**(N-4) linear codes, then an equal share of the rest for every octave.

    At 14 bit the shares leave 2 codes over: that table ends at 16381.
    """
    linear_log2 = output_bits - 4
    count = LINEAR_BITS - linear_log2
    share = ((1 << output_bits) - (1 << linear_log2)) // count
    return CompandingTable(
        name=f"octaves-{output_bits}", output_bits=output_bits,
        widths_log2=(linear_log2, *range(linear_log2, LINEAR_BITS)),
        steps=(1 << linear_log2, *[share] * count))


OCTAVES_12, OCTAVES_14, OCTAVES_16, OCTAVES_20 = (octaves(bits) for bits in (12, 14, 16, 20))
OX03C10 = CompandingTable(
    name="ox03c10", output_bits=12,
    widths_log2=(9, 9, 10, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17,
                 *[18] * 4, *[19] * 3, *[20] * 3, *[21] * 3, 22),
    steps=(512, 255, 256, 256, 256, *[128] * 12, *[64] * 16))

BUILT_IN_TABLES = (OCTAVES_12, OX03C10, OCTAVES_14, OCTAVES_16, OCTAVES_20)
"""By slot of the table memory; slots 0 and 1 are what ``companding_table`` chooses from."""
PROGRAMMABLE_SLOTS = (5, 6)
"""Slots that take turns in holding the table that the host has programmed."""
NO_TABLE = 7
"""Stands for a slot where a frame is not companded."""

END_OF_TABLE = 0xFF << 24


def segment_words(table: CompandingTable) -> list[int]:
    """The table as the host reads and writes it: ``width_log2 << 24 | step``, then ends."""
    words = [width_log2 << 24 | step
             for width_log2, step in zip(table.widths_log2, table.steps, strict=True)]
    return words + [END_OF_TABLE] * (SEGMENT_CAPACITY - len(words))
