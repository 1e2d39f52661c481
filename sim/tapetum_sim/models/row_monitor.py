# SPDX-License-Identifier: Apache-2.0
"""Model of the row monitor: which rows of a capture deliver nothing."""

import numpy as np
from numpy.typing import ArrayLike

from tapetum.config import DieConfig

__all__ = ["dead_rows"]


def dead_rows(codes: ArrayLike, config: DieConfig) -> list[int]:
    """Rows with less than an eighth of the light of both rows of the same colours beside them.

    Parameters
    ----------
    codes : array (rows, columns)
        Corrected codes of one capture, at least 32 columns or none is dead. Neighbours must have
        16 ADC codes per pixel on average.
    """
    codes = np.asarray(codes, dtype=np.int64) >> config.hdr.fraction_bits
    light = np.maximum(codes - config.adc.pedestal_codes, 0).sum(axis=1)
    dead: list[int] = []
    if codes.shape[1] < 32:
        return dead
    for row, own in enumerate(light):
        beside = [int(light[other]) for other in (row - 2, row + 2) if 0 <= other < len(light)]
        if beside and min(beside) >= 16 * codes.shape[1] and own < min(beside) // 8:
            dead.append(row)
    return dead
