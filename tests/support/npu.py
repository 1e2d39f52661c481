# SPDX-License-Identifier: Apache-2.0
"""Small programs for the array laid out by hand, and what they must compute."""

__all__ = ["requantised"]


def requantised(total: int, multiplier: int, shift: int, single: int, zero_point: int,
                minimum: int, maximum: int) -> int:
    """TensorFlow Lite's formula, in unbounded integers."""
    rounding = 1 << 30 if not single or shift == 0 else 0
    scaled = (total * multiplier + rounding) >> 31
    if shift:
        scaled = (scaled + (1 << shift - 1) - (0 if single else scaled < 0)) >> shift
    return min(max(scaled + zero_point, minimum), maximum)
