# SPDX-License-Identifier: Apache-2.0
"""What the link told of a network's input and output, as files."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from ..csi2.tensors import DecodedTensor

__all__ = ["save_tensor", "write_tensors"]


def write_tensors(tensors: Iterable[DecodedTensor], folder: Path) -> None:
    """Writes ``00003-input.npy`` and ``.png``, and ``00003-output.npy``, of frame 3, and so on.

    Those of an earlier run go. Without tensors there is no folder.
    """
    for pattern in ("*-input.npy", "*-input.png", "*-output.npy"):
        for stale in folder.glob(pattern):
            stale.unlink()
    for tensor in tensors:
        folder.mkdir(exist_ok=True)
        save_tensor(tensor, folder, f"{tensor.frame:05d}")


def save_tensor(tensor: DecodedTensor, folder: Path, name: str) -> None:
    """Writes ``name-input.npy`` and ``.png``, or ``name-output.npy``."""
    stem = folder / f"{name}-{'output' if tensor.is_output else 'input'}"
    np.save(stem.with_suffix(".npy"), tensor.values)
    if not tensor.is_output:
        _picture(tensor).save(stem.with_suffix(".png"))


def _picture(tensor: DecodedTensor) -> Image.Image:
    """A pixel for a pixel, the lowest code black, the highest white; missing rows are black."""
    levels = (tensor.values.astype(np.int16) + 128).astype(np.uint8)
    levels[tensor.missing_rows] = 0
    return Image.fromarray(levels if levels.shape[2] == 3 else levels[:, :, 0])
