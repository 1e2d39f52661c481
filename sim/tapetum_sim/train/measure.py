# SPDX-License-Identifier: Apache-2.0
"""How often a program is right, by the integer-exact model of the array."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.program import Program

from ..models.npu import NpuModel
from .data import Labelled

__all__ = ["accuracy", "verdicts"]


def verdicts(program: Program, codes: NDArray[np.int8], *,
             progress: Callable[[int], None] = lambda count: None) -> NDArray[np.int64]:
    """Class of each picture: the first of the largest scores."""
    model, classes = NpuModel(program), []
    for picture in codes:
        scores = model.run(picture)
        classes.append(int(np.argmax(scores.ravel()[:len(program.class_names)])))
        progress(len(classes))
    return np.array(classes, np.int64)


def accuracy(program: Program, pictures: Labelled, *,
             progress: Callable[[int], None] = lambda count: None) -> float:
    """Share of the pictures whose class is right."""
    found = verdicts(program, pictures.codes, progress=progress)
    return float((found == pictures.labels).mean())
