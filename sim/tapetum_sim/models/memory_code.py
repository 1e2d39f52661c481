# SPDX-License-Identifier: Apache-2.0
"""The code over words of memories: one wrong bit is corrected, two are told.

Check matrices by M. Y. Hsiao's rule (1970), as `tapetum.memory.code` describes it; bits are rows of
arrays, so that whole memories are coded at once.
"""

from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

__all__ = ["Decoded", "check_matrix", "decode", "encode"]

Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class Decoded:
    """Words as they were read, with at most one bit put right, and what was found."""

    words: Bits
    corrected: NDArray[np.bool_]
    uncorrectable: NDArray[np.bool_]


def check_matrix(data_bits: int) -> Bits:
    """For each check bit, a row, the data bits that it covers."""
    rows = next(rows for rows in count(3) if data_bits + rows <= 2 ** (rows - 1))
    numbers = np.arange(2**rows)
    patterns = numbers[:, np.newaxis] >> np.arange(rows) & 1
    weights = patterns.sum(axis=1)
    free = (weights % 2 == 1) & (weights > 1)
    matrix = np.zeros((rows, data_bits), np.uint8)
    for place in range(data_bits):
        load = patterns @ matrix.sum(axis=1, dtype=np.int64)
        lightest = free & (weights == weights[free].min())
        taken = min(numbers[lightest], key=lambda number: (load[number], number))
        matrix[:, place] = patterns[taken]
        free[taken] = False
    return matrix


def encode(data: Bits) -> Bits:
    """Words, check bits behind their data bits; the last axis counts bits from the lowest."""
    checks = data.astype(np.int64) @ check_matrix(data.shape[-1]).T % 2
    return np.concatenate([data, checks.astype(np.uint8)], axis=-1)


def decode(words: Bits, data_bits: int) -> Decoded:
    """What comes back of words in which bits may have flipped."""
    matrix = check_matrix(data_bits)
    whole = np.concatenate([matrix, np.eye(len(matrix), dtype=np.uint8)], axis=1)
    syndromes = words.astype(np.int64) @ whole.T % 2
    points_at = (syndromes[..., np.newaxis, :] == whole.T).all(axis=-1)
    odd = syndromes.sum(axis=-1) % 2 == 1
    return Decoded(words=(words ^ points_at)[..., :data_bits], corrected=odd,
                   uncorrectable=syndromes.any(axis=-1) & ~odd)
