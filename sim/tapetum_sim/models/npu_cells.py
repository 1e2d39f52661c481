# SPDX-License-Identifier: Apache-2.0
"""What a cell does with a sum: down to eight bits again, and once more with a second tensor."""

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.program import LayerRecord

__all__ = ["rescale", "residual_sum"]

Values = NDArray[np.int64]


def rescale(total: Values, multiplier: Values | int, shift: Values | int,
            single: Values | int) -> Values:
    """The unit that every cell has: a product of 63 bits, shifted right by 31 and by `shift`.

    Rounded after each shift, or once if `single`.
    """
    assert (np.abs(total) <= 1 << 31).all()
    product = total * multiplier
    half = np.where(np.equal(single, 0) | np.equal(shift, 0), np.int64(1) << 30, 0)
    high = (product + half) >> 31
    rounding = (np.int64(1) << shift) >> 1
    below = np.equal(single, 0) & np.greater(shift, 0) & (high < 0)
    return (high + rounding - below) >> shift


def residual_sum(table: NDArray[np.int32], codes: Values, other: Values, multiplier: Values | int,
                 shift: Values | int, layer: LayerRecord) -> Values:
    """Looks both codes up, and rescales what the entries sum to."""
    total = table[codes + 128].astype(np.int64) + table[256 + other + 128]
    scaled = rescale(total, multiplier, shift, 0)
    return np.clip(scaled + layer.add_zero_point, layer.add_min, layer.add_max)
