# SPDX-License-Identifier: Apache-2.0
"""Read what recorders wrote, as structured numpy arrays, whole files at a time."""

from pathlib import Path
from typing import Any, cast

import numpy as np
from amaranth.hdl import Shape, ShapeLike
from amaranth.lib import data

__all__ = ["read_recording", "unpack"]

WORD_BITS = 32


def read_recording(path: Path, shape: ShapeLike) -> np.ndarray:
    """Read the beats of a recording.

    Parameters
    ----------
    path : Path
        A ``.beats`` file.
    shape : ShapeLike
        Shape of the recorded payload: a ``data.Struct``, any ``data.Layout`` or a plain shape.

    Returns
    -------
    numpy.ndarray
        One element per beat. Structs become structured types, arrays become sub-arrays, fields the
        smallest of uint8 to uint64 (int8 to int64 when signed, bool when one unsigned bit).

    Raises
    ------
    ValueError
        If a field is wider than 64 bits or the file does not hold whole beats.
    """
    width = Shape.cast(shape).width
    words_per_beat = -(-width // WORD_BITS)
    words = np.fromfile(path, dtype="<u4")
    if words.size % words_per_beat:
        raise ValueError(f"{path} does not hold whole beats of {width} bits")
    return unpack(words.reshape(-1, words_per_beat), shape)


def unpack(words: np.ndarray, shape: ShapeLike) -> np.ndarray:
    """Unpack little-endian 32-bit words (beats x words) into the fields of ``shape``."""
    result = np.empty(len(words), dtype=_dtype(shape))
    _fill(result, words.astype(np.uint64), 0, shape)
    return result


def _layout(shape: ShapeLike) -> data.Layout | None:
    if isinstance(shape, data.Layout):
        return shape
    try:
        return data.Layout.cast(cast(Any, shape))  # a data.Struct or data.Union
    except TypeError:
        return None


def _dtype(shape: ShapeLike) -> np.dtype:
    layout = _layout(shape)
    if isinstance(layout, data.ArrayLayout):
        return np.dtype((_dtype(layout.elem_shape), (layout.length,)))
    if layout is not None:
        return np.dtype([(str(name), _dtype(field.shape)) for name, field in layout])
    plain = Shape.cast(shape)
    if plain.width > 64:
        raise ValueError(f"fields of a recording have at most 64 bits, not {plain.width}")
    if plain.width <= 1 and not plain.signed:
        return np.dtype(bool)
    size = next(size for size in (8, 16, 32, 64) if plain.width <= size)
    return np.dtype(f"{'int' if plain.signed else 'uint'}{size}")


def _fill(target: np.ndarray, words: np.ndarray, offset: int, shape: ShapeLike) -> None:
    layout = _layout(shape)
    if isinstance(layout, data.ArrayLayout):
        for index, field in layout:
            _fill(target[:, index], words, offset + field.offset, field.shape)
    elif layout is not None:
        for name, field in layout:
            _fill(target[str(name)], words, offset + field.offset, field.shape)
    else:
        plain = Shape.cast(shape)
        bits = _bits(words, offset, plain.width)
        if plain.signed:
            unused = np.uint64(64 - plain.width)
            bits = (bits << unused).view(np.int64) >> np.int64(unused)
        target[...] = bits


def _bits(words: np.ndarray, offset: int, width: int) -> np.ndarray:
    value = np.zeros(len(words), dtype=np.uint64)
    if width == 0:
        return value
    first = offset // WORD_BITS
    last = (offset + width - 1) // WORD_BITS
    for index in range(first, last + 1):
        shift = index * WORD_BITS - offset
        word = words[:, index]
        value |= word << np.uint64(shift) if shift >= 0 else word >> np.uint64(-shift)
    return value if width == 64 else value & np.uint64((1 << width) - 1)
