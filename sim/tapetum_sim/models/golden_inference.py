# SPDX-License-Identifier: Apache-2.0
"""The picture that the array is tested with, and what it must make of it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.golden_inference import SEED, following_word
from tapetum.npu.program import Program

from .npu import NpuModel

__all__ = ["golden_picture", "signature", "signed_program"]

_HALF = np.uint64((1 << 32) - 1)


def golden_picture(program: Program) -> NDArray[np.int8]:
    """All lanes of the input tensor: height, width, 8 * words of a pixel."""
    source, words = program.tensors[0], _words()
    picture = np.array([next(words) for _ in range(source.height * program.input_row_words)], "<u8")
    return picture.view(np.int8).reshape(source.height, -1, 8 * source.pixel_words)


def signature(program: Program) -> int:
    """What `GoldenInference` comes to: both halves of all words that cells write, summed up."""
    picture = golden_picture(program)
    model = NpuModel(replace(program, input_shape=picture.shape))
    model.run(picture)
    group_bytes = program.cells
    total = 0
    for row in model.written:
        groups = row.lanes.reshape(-1, group_bytes).view(np.uint8)
        words = np.zeros((len(groups), 8), np.uint8)
        words[:, :group_bytes] = groups
        lanes = words.view("<u8").ravel()
        low, high = int((lanes & _HALF).sum()), int((lanes >> np.uint64(32)).sum())
        total = ((total & 0xFFFFFFFF) + low & 0xFFFFFFFF
                 | ((total >> 32) + high & 0xFFFFFFFF) << 32)
    return total


def signed_program(program: Program) -> Program:
    """The program with its signature, so that the die can test its array."""
    return replace(program, signature=signature(program))


def _words() -> Iterator[int]:
    state = SEED
    while True:
        yield state | (state >> 16 | (state & 0xFFFF) << 16) << 32
        state = following_word(state)
