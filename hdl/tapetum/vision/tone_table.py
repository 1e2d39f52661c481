# SPDX-License-Identifier: Apache-2.0
"""The curve that brings 24 bits of light onto the network's int8, as plain data."""

from collections.abc import Callable
from math import log2

__all__ = ["FRACTION_BITS", "KNOTS", "KNOT_BITS", "LINEAR_BITS", "SEGMENTS", "knot_position",
           "logarithmic", "tone_knots"]

LINEAR_BITS = 24
FRACTION_BITS = 8
"""Of the place within a segment, and of a knot's value."""
SEGMENTS = 4 * LINEAR_BITS
KNOTS = SEGMENTS + 1
KNOT_BITS = 8 + FRACTION_BITS

TOE_LSB = 16.0


def knot_position(knot: int) -> float:
    """LSB above the pedestal at which a knot stands: four in each octave from 2 up."""
    octave, quarter = divmod(knot, 4)
    return quarter / 2 if octave == 0 else 2.0 ** octave * (1 + quarter / 4)


def tone_knots(curve: Callable[[float], float]) -> tuple[int, ...]:
    """Knots of a curve from LSB above the pedestal to codes, in 1/256 codes, signed 16 bits."""
    ends = -(1 << KNOT_BITS - 1), (1 << KNOT_BITS - 1) - 1
    return tuple(min(max(round(curve(knot_position(knot)) * (1 << FRACTION_BITS)), ends[0]),
                     ends[1]) for knot in range(KNOTS))


def logarithmic(toe_lsb: float = TOE_LSB, full_scale: float = 1 << LINEAR_BITS
                ) -> Callable[[float], float]:
    """Linear up to about ``toe_lsb``, then logarithmic: -128 at black, 127 at full scale."""
    def curve(light: float) -> float:
        return -128 + 255 * log2(1 + light / toe_lsb) / log2(1 + full_scale / toe_lsb)

    return curve
