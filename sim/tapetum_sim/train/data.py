# SPDX-License-Identifier: Apache-2.0
"""Pictures with their classes, as many as asked for, by seed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .camera import FastCamera
from .tunnel_pictures import draw_background, draw_picture

__all__ = ["HELD_OUT_SEED", "INPUT_SHAPE", "Labelled", "make_pictures"]

INPUT_SHAPE = (24, 32, 3)
"""Rows, columns and channels of the network's input."""
HELD_OUT_SEED = 1_000_000
"""Seeds from here on are never trained with."""
BRIGHTNESS_OCTAVES = 0.5
AT_ONCE = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Labelled:
    """Inputs of the network (count, rows, columns, channels), and the classes they show."""

    codes: NDArray[np.int8]
    labels: NDArray[np.int64]


def make_pictures(camera: FastCamera, seeds: Iterable[int], *, per_background: int = 1,
                  captures: Sequence[int | None] = (None,),
                  progress: Callable[[int], None] = lambda count: None) -> list[Labelled]:
    """The same pictures, seen with all captures or with one of them; a set for each."""
    array = camera.config.array
    made: list[list[NDArray[np.int8]]] = [[] for _ in captures]
    labels, waiting = [], []

    def look() -> None:
        for part, capture in zip(made, captures, strict=True):
            part.append(camera.look(waiting, capture))
        waiting.clear()

    for seed in seeds:
        generator = np.random.default_rng(seed)
        background = draw_background(generator, array.rows, array.columns)
        for _ in range(per_background):
            picture = draw_picture(generator, background)
            labels.append(picture.label)
            brightness = float(np.exp2(generator.uniform(-BRIGHTNESS_OCTAVES, BRIGHTNESS_OCTAVES)))
            waiting.append(camera.codes(generator, picture, brightness=brightness))
        if len(waiting) >= AT_ONCE:
            look()
            progress(len(labels))
    if waiting:
        look()
    answers = np.array(labels, np.int64)
    return [Labelled(codes=np.concatenate(part), labels=answers) for part in made]
