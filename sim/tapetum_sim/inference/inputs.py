# SPDX-License-Identifier: Apache-2.0
"""Images and arrays as inputs of a network."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

__all__ = ["read_input"]

_MODES = {1: "L", 3: "RGB"}
_EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")
_MIDDLE = 128


def read_input(path: Path, shape: tuple[int, int, int]) -> NDArray[np.int8]:
    """The codes (height, width, channels) of an image or of a .npy file.

    A pixel value p from 0 to 255 is the code p - 128. Nothing is resized.

    Raises
    ------
    UserError
        If the file cannot be read, or has another size.
    """
    return _array(path, shape) if path.suffix == ".npy" else _image(path, shape)


def _array(path: Path, shape: tuple[int, int, int]) -> NDArray[np.int8]:
    try:
        codes = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"cannot read {path} ({_first_line(error)}); give an array that "
                        "numpy.save wrote.") from None
    if not isinstance(codes, np.ndarray) or codes.dtype != np.int8 or codes.shape != shape:
        kind = getattr(codes, "dtype", type(codes).__name__)
        raise UserError(f"{path} holds {kind} of {_size(getattr(codes, 'shape', ()))}; the network "
                        f"takes int8 of {_size(shape)}.")
    return codes


def _image(path: Path, shape: tuple[int, int, int]) -> NDArray[np.int8]:
    from PIL import Image, UnidentifiedImageError

    height, width, channels = shape
    if channels not in _MODES:
        raise UserError(f"the network takes {channels} channels, which no image has; give an int8 "
                        f"array of {_size(shape)} as .npy.")
    try:
        with Image.open(path) as picture:
            size = picture.size
            if picture.mode not in _EIGHT_BIT_MODES:
                # Pillow would clip the values at 255.
                raise UserError(f"{path} has pixels of mode {picture.mode}, not of 8 bits; save it "
                                "as an 8-bit PNG, or give int8 codes as .npy.")
            pixels = np.asarray(picture.convert(_MODES[channels]), np.uint8)
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise UserError(f"cannot read {path} ({_first_line(error)}); give a PNG or JPEG image, "
                        "or int8 codes as .npy.") from None
    if size != (width, height):
        raise UserError(f"{path} is {size[0]} x {size[1]} pixels; the network takes "
                        f"{width} x {height}.")
    return (pixels.reshape(shape).astype(np.int16) - _MIDDLE).astype(np.int8)


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "no size"


def _first_line(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
