# SPDX-License-Identifier: Apache-2.0
"""Weights in the order in which the steps of a mode take them."""

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.program import LANES

from .array_layer import CHANNEL_LANES

__all__ = ["channel_words", "depthwise_words", "grouped_words", "kernel_row_words"]

Weights = NDArray[np.int8]


def channel_words(weights: Weights, cells: int) -> Weights:
    """(lanes out, rows, columns, lanes in) to a word per group, tap and vector."""
    out, height, width, lanes = weights.shape
    parts = weights.reshape(out // cells, cells, height, width, lanes // CHANNEL_LANES,
                            CHANNEL_LANES)
    return _with_all_lanes(parts.swapaxes(0, 1).reshape(cells, -1, CHANNEL_LANES))


def grouped_words(weights: Weights, cells: int) -> Weights:
    """(lanes, rows, columns), each lane its own, to the word of a group's own lanes per tap."""
    count, height, width = weights.shape
    spread = np.zeros((count, height, width, CHANNEL_LANES), np.int8)
    lane = np.arange(count)
    spread[lane, :, :, lane % CHANNEL_LANES] = weights
    return channel_words(spread, cells)


def kernel_row_words(weights: Weights, cells: int) -> Weights:
    """(lanes out, rows, 3, channels up to 3) to a word per group and row."""
    out, height, width, channels = weights.shape
    spread = np.zeros((out, height, width, 3), np.int8)
    spread[..., :channels] = weights
    parts = spread.reshape(out // cells, cells, height, width * 3)
    return _with_all_lanes(parts.swapaxes(0, 1).reshape(cells, -1, width * 3))


def depthwise_words(weights: Weights, cells: int) -> Weights:
    """(lanes, 3, 3) to a word per group."""
    return np.ascontiguousarray(weights.reshape(-1, cells, LANES).swapaxes(0, 1))


def _with_all_lanes(words: Weights) -> Weights:
    return np.pad(words, ((0, 0), (0, 0), (0, LANES - words.shape[-1])))
