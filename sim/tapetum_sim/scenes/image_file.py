# SPDX-License-Identifier: Apache-2.0
"""Read a picture of any supported format as linear radiance."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from .radiance_hdr import read_radiance_hdr
from .scene import SceneError
from .tone_map import srgb_decode

__all__ = ["SUFFIXES", "read_image"]

SUFFIXES = (".exr", ".hdr", ".pic", ".png", ".tif", ".tiff", ".npy", ".jpg", ".jpeg")
SLIGHTLY_NEGATIVE = 1e-3
"""Share of the largest value up to which a negative one is a matter of colour, not an error."""
LARGEST_VALUE = 1e30
_CHECK_FILE = "check that the file is complete and that its suffix says what it is"


def read_image(path: Path | str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Linear radiance ``(height, width, 3)`` in the file's unit, and notices.

    Grey becomes three equal channels and alpha is left out. OpenEXR, Radiance, TIFF, 16-bit PNG
    and ``.npy`` are taken as linear; 8-bit files as sRGB.

    Raises
    ------
    SceneError
        One sentence with the file, the cause and the remedy.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SceneError(f"cannot use scene {path}: its suffix {suffix or '(none)'} is not one of "
                         f"{', '.join(SUFFIXES)}; convert it to OpenEXR.")
    if not path.is_file():
        raise SceneError(f"cannot use scene {path}: there is no such file; check the path.")
    if path.stat().st_size == 0:
        raise SceneError(f"cannot use scene {path}: the file is empty; export it again.")
    try:
        values, notices = _READERS[suffix](path)
    except Exception as error:  # readers raise whatever their library happens to raise
        cause = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise SceneError(f"cannot use scene {path}: it could not be read ({cause}); "
                         f"{_CHECK_FILE}.") from error
    rgb, clipped = _without_small_negatives(_as_rgb(path, values))
    _check_values(path, rgb)
    return rgb, (*notices, *clipped)


def _without_small_negatives(rgb: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Colours outside of the file's gamut have slightly negative channels; light has none."""
    finite = rgb[np.isfinite(rgb)]
    slight = (rgb < 0) & (rgb >= -SLIGHTLY_NEGATIVE * max(finite.max(initial=0), 0))
    if not slight.any():
        return rgb, ()
    pixels = int(slight.any(axis=2).sum())
    return np.where(slight, 0, rgb), (
        f"{pixels} pixels had slightly negative channels, as colours outside of the file's gamut "
        f"have; these were taken as 0",)


def _as_rgb(path: Path, values: np.ndarray) -> np.ndarray:
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or 0 in values.shape or values.shape[2] > 4:
        raise SceneError(f"cannot use scene {path}: its shape is {values.shape}; give it as "
                         f"height x width, or height x width x 1 to 4 channels.")
    if values.dtype.kind not in "fiub":
        raise SceneError(f"cannot use scene {path}: it holds {values.dtype} values; save real "
                         f"numbers.")
    values = values.astype(np.float64)
    return values[..., :3] if values.shape[2] >= 3 else np.repeat(values[..., :1], 3, axis=2)


def _check_values(path: Path, rgb: np.ndarray) -> None:
    bad = {"NaN": np.isnan(rgb), "infinite": np.isinf(rgb), "negative": rgb < 0,
           "absurdly large": np.nan_to_num(rgb, posinf=0.0) > LARGEST_VALUE}
    for cause, where in bad.items():
        if where.any():
            row, column = np.argwhere(where)[0][:2]
            pixels = int(where.any(axis=2).sum())
            raise SceneError(f"cannot use scene {path}: {pixels} of its pixels are {cause}, the "
                             f"first at row {row}, column {column}; replace them, for example "
                             f"with np.nan_to_num and np.clip, and save it as .npy.")
    if not rgb.any():
        raise SceneError(f"cannot use scene {path}: it is black everywhere; choose a scene with "
                         f"light in it.")


def _read_exr(path: Path):
    import OpenEXR
    with OpenEXR.File(str(path), separate_channels=True) as file:
        channels = {name: np.array(channel.pixels) for name, channel in file.channels().items()}
    # Layers are named "layer.R"; the bare name, or the first layer, is the picture.
    short = {}
    for name, pixels in channels.items():
        letter = name.rsplit(".", 1)[-1].upper()
        if "." not in name or letter not in short:
            short[letter] = pixels
    if {"R", "G", "B"} <= short.keys():
        return np.stack([short[letter] for letter in "RGB"], axis=2), []
    if "Y" in short:
        colour = (["only its luminance (Y) was used"] if "RY" in short else [])
        return short["Y"], colour
    raise ValueError(f"it has channels {', '.join(channels)}, neither R, G and B nor Y")


def _read_hdr(path: Path):
    return read_radiance_hdr(path.read_bytes()), []


def _read_npy(path: Path):
    values = np.load(path, allow_pickle=False)
    if not isinstance(values, np.ndarray):
        values.close()
        raise ValueError("it is an archive of arrays, as .npz files are; save one with np.save")
    return values, []


def _read_tiff(path: Path):
    import tifffile
    values = tifffile.imread(path)
    if values.dtype == np.uint8:
        return _linear_from_8_bit(values)
    return values, []


def _read_png(path: Path):
    from PIL import Image
    with Image.open(path) as image:
        raw_mode = str(image.tile[0].args) if image.tile else ""
        if raw_mode.endswith(";16B") and image.mode in ("RGB", "RGBA"):
            # Pillow keeps the upper byte of each sample; the little-endian reading is the lower.
            high = np.asarray(image).astype(np.uint16)
            with Image.open(path) as again:
                again.tile = [tile._replace(args=raw_mode.replace(";16B", ";16L"))
                              for tile in again.tile]
                low = np.asarray(again)
            return high << 8 | low, []
        if image.mode.startswith("I"):
            return np.asarray(image).astype(np.float64), []
        alpha_free = image.convert("RGB" if image.mode not in ("1", "L", "LA") else "L")
        return _linear_from_8_bit(np.asarray(alpha_free))


def _linear_from_8_bit(values: np.ndarray):
    return srgb_decode(values / 255.0), [
        "an 8-bit file spans only about 70 dB: it was taken as sRGB and made linear"]


_READERS: dict[str, Callable[[Path], tuple[np.ndarray, list[str]]]] = {
    ".exr": _read_exr, ".hdr": _read_hdr, ".pic": _read_hdr, ".npy": _read_npy,
    ".tif": _read_tiff, ".tiff": _read_tiff,
    ".png": _read_png, ".jpg": _read_png, ".jpeg": _read_png,
}
