# SPDX-License-Identifier: Apache-2.0
"""A still scene from a picture file, fitted to the pixel array."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from tapetum.config import DieConfig

from .image_file import read_image
from .layered import LayeredScene
from .scene import SceneError

__all__ = ["ImageScene", "area_average"]

BRIGHT_PERCENTILE = 99.9


def area_average(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Resize the first two axes; each new pixel is the mean of the area that it covers."""
    for axis, size in ((0, rows), (1, columns)):
        if image.shape[axis] == size:
            continue
        length = image.shape[axis]
        moved = np.moveaxis(image, axis, 0)
        # Not by prefix sums: next to a sun their rounding would be larger than a shadow.
        edges = np.arange(size + 1) * (length / size)
        resized = np.empty((size, *moved.shape[1:]))
        for index, (low, high) in enumerate(pairwise(edges)):
            first, last = int(low), min(int(np.ceil(high - 1e-9)), length)
            weight = np.ones(last - first)
            weight[0] -= low - first
            weight[-1] -= last - min(high, length)
            resized[index] = np.tensordot(weight / weight.sum(), moved[first:last], axes=1)
        image = np.moveaxis(resized, 0, axis)
    return image


class ImageScene(LayeredScene):
    """A picture file as a still scene.

    Parameters
    ----------
    path : path
        OpenEXR, Radiance .hdr, TIFF, PNG or .npy; see `read_image`.
    electrons_per_second : float, optional
        Photoelectrons per second of the large photodiode for a value of 1 in the file. Without
        it the file's 99.9 percentile lands at 80 % of the largest rate that some capture can
        measure, so that the whole dynamic range is in use.

    Raises
    ------
    SceneError
        One sentence with the file, the cause and the remedy.
    """

    def __init__(self, config: DieConfig, path: Path | str, *,
                 electrons_per_second: float | None = None):
        path = Path(path)
        image, notices = read_image(path)
        notices = [f"{path.name}: {notice}." for notice in notices]
        rows, columns = config.array.rows, config.array.columns
        height, width = image.shape[:2]
        cropped = _crop_to_shape(image, rows, columns)
        if cropped.shape != image.shape:
            notices.append(f"{path.name}: cut from {width}x{height} to {cropped.shape[1]}x"
                           f"{cropped.shape[0]} around its centre to fit the array's shape.")
        if cropped.shape[:2] != (rows, columns):
            notices.append(f"{path.name}: resampled by area average from {cropped.shape[1]}x"
                           f"{cropped.shape[0]} to {columns}x{rows}.")
        background = area_average(cropped, rows, columns)
        bright_end = float(np.percentile(background, BRIGHT_PERCENTILE))
        if not bright_end > 0:
            bright_end = float(background.max())
        if not bright_end > 0:
            raise SceneError(f"cannot use scene {path}: nothing but black is left after fitting "
                             f"it to {columns}x{rows}; choose a scene with light in it.")
        super().__init__(config, path.stem, background, bright_end=bright_end,
                         electrons_per_second=electrons_per_second, notices=notices)


def _crop_to_shape(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The largest centred part with the array's aspect ratio, to within a pixel."""
    height, width = image.shape[:2]
    keep_width = min(width, max(1, round(height * columns / rows)))
    keep_height = min(height, max(1, round(width * rows / columns)))
    top, left = (height - keep_height) // 2, (width - keep_width) // 2
    return image[top:top + keep_height, left:left + keep_width]
