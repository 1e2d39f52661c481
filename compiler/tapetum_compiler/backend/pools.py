# SPDX-License-Identifier: Apache-2.0
"""Pools as sums of products: weights of one, and a factor that rounds as the division does."""

import numpy as np

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN, MULTIPLIER_BITS, Rescale
from tapetum_compiler.network import Pool, PoolKind

__all__ = ["average_rescale", "identity_rescale", "IDENTITY_WEIGHT"]

IDENTITY_WEIGHT = 2
"""With `identity_rescale`, (2x * 2**30 + 2**30) >> 31 is x."""


def identity_rescale(channels: int) -> Rescale:
    """Halves, so that a weight of two changes nothing."""
    return Rescale(np.full(channels, 1 << (MULTIPLIER_BITS - 1), np.int64),
                   np.zeros(channels, np.int64))


def average_rescale(layer: Pool) -> Rescale:
    """A factor just above one over the taps of `layer`, rounded once: halves leave zero.

    Proven over every sum that the window can have.
    """
    assert layer.kind is PoolKind.AVERAGE
    rows, columns = layer.taps_inside()
    taps = layer.window[0] * layer.window[1]
    layer.refuse_unless(
        bool(rows.all() and columns.all()),
        "averages over fewer taps at the border than inside; pool without padding")
    shift = taps.bit_length() - 1
    multiplier = (1 << (MULTIPLIER_BITS + shift)) // taps + 1
    if multiplier >> MULTIPLIER_BITS:  # a power of two: the same factor, one bit shorter
        multiplier, shift = multiplier >> 1, shift - 1
        multiplier += 1
    sums = np.arange(INT8_MIN * taps, INT8_MAX * taps + 1, dtype=np.int64)
    whole = MULTIPLIER_BITS + shift
    made = (sums * multiplier + (np.int64(1) << (whole - 1))) >> whole
    half = np.where(sums > 0, taps // 2, -(taps // 2))
    wanted = np.sign(sums + half) * (np.abs(sums + half) // taps)
    layer.refuse_unless(bool((made == wanted).all()),
                        f"averages {taps} taps, which no factor does exactly; pool fewer")
    return Rescale(np.full(layer.output.channels, multiplier, np.int64),
                   np.full(layer.output.channels, -shift, np.int64))
