# SPDX-License-Identifier: Apache-2.0
"""The pictures of a report, as PNG bytes."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tapetum.config import DieConfig

from ..frame.record import RunRecord, VerdictOutcome
from ..scenes.tone_map import srgb_encode, tone_map
from .demosaic import demosaic

__all__ = ["capture_picture", "combined_picture", "error_map", "judged_png", "png",
           "scene_picture"]

SMALLEST_SIDE_PX = 480
"""Small frames are enlarged, pixel by pixel, so that a page can show them."""
JUDGED, WITHHELD = (126, 224, 129), (255, 169, 77)
"""Colours of a verdict, and of one without a class."""
LINE_PX, TEXT_PX = 3, 18
WORST_ERROR = 0.05
"""Relative error at which the error map's colours end."""


def png(picture: np.ndarray) -> bytes:
    """Encode an sRGB picture, uint8, ``(rows, columns, 3)``."""
    return _encoded(_enlarged(picture)[0])


def judged_png(picture: np.ndarray, verdict: VerdictOutcome) -> bytes:
    """The same, with what the array saw of it framed, and what it said written beside."""
    enlarged, factor = _enlarged(picture)
    image = Image.fromarray(enlarged)
    draw = ImageDraw.Draw(image)
    x, y, columns, rows = (length * factor for length in verdict.region)
    colour = JUDGED if verdict.class_name else WITHHELD
    right, bottom = (min(end, limit) - 1 for end, limit in
                     zip((x + columns, y + rows), image.size, strict=True))
    draw.rectangle((x, y, right, bottom), outline=colour, width=LINE_PX)
    text = verdict.class_name or ", ".join(verdict.flags).replace("_", " ")
    if verdict.class_number is not None and verdict.class_number < len(verdict.scores):
        text += f"  {verdict.scores[verdict.class_number]:+d}"
    font = ImageFont.load_default(size=TEXT_PX)
    box = draw.textbbox((x + 2 * LINE_PX, y + LINE_PX), text, font=font)
    draw.rectangle((x, y, box[2] + 2 * LINE_PX, box[3] + LINE_PX), fill=colour)
    draw.text((x + 2 * LINE_PX, y + LINE_PX), text, fill=(0, 0, 0), font=font)
    return _encoded(np.asarray(image))


def _enlarged(picture: np.ndarray) -> tuple[np.ndarray, int]:
    factor = max(1, SMALLEST_SIDE_PX // max(picture.shape[:2]))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1), factor


def _encoded(enlarged: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(enlarged).save(buffer, format="PNG")
    return buffer.getvalue()


def scene_picture(record: RunRecord) -> np.ndarray:
    """What a person would see of the scene."""
    return record.pixel_die.scene.picture()


def capture_picture(config: DieConfig, codes: np.ndarray) -> np.ndarray:
    """One capture on its own, as an ordinary camera would show it: what clips is white."""
    span = config.adc.full_well_codes
    linear = (codes.astype(np.float64) - config.adc.pedestal_codes) / span
    colours = demosaic(linear, config.array.colour_filter)
    return np.round(srgb_encode(colours) * 255).astype(np.uint8)


def combined_picture(config: DieConfig, linear: np.ndarray) -> np.ndarray:
    """The 24-bit frame, tone mapped."""
    light = np.maximum(linear.astype(np.float64) - config.hdr.pedestal_lsb, 0.25)
    return tone_map(demosaic(light, config.array.colour_filter), floor=1.0)


def error_map(record: RunRecord) -> np.ndarray | None:
    """Error of the last frame against the scene: blue is too dark, red too bright.

    Colours are full at 5 % of the scene, or at four times the expected noise where that is more,
    so that what shows is error and not noise. Black where the frame says that it is clipped. None
    without a truth or a frame.
    """
    if record.truth_electrons is None or not len(record.linear):
        return None
    from matplotlib import colormaps

    config, truth = record.config, record.truth_electrons
    measured = ((record.linear[-1].astype(np.float64) - config.hdr.pedestal_lsb)
                * config.lsb_electrons)
    scale = np.maximum(WORST_ERROR * truth, 4 * _expected_noise(record, truth))
    colours = colormaps["RdBu_r"](0.5 + 0.5 * np.clip((measured - truth) / scale, -1, 1))[..., :3]
    colours[record.clipped[-1]] = 0
    return np.round(colours * 255).astype(np.uint8)


def _expected_noise(record: RunRecord, truth: np.ndarray) -> np.ndarray:
    """Shot, read and row noise, in electrons of the first capture, of the capture that is used."""
    config = record.config
    noise = np.full(truth.shape, np.inf)
    for capture in reversed(config.captures):
        ratio, per_code = config.exposure_ratio(capture), config.electrons_per_code(capture)
        electrons = truth / ratio
        variance = electrons + (record.read_noise_electrons(capture) ** 2
                                + (record.row_noise_codes * per_code) ** 2)
        usable = electrons < 0.9 * min(
            config.adc.full_well_codes * per_code,
            config.pixel.full_well_electrons(capture.photodiode))
        noise = np.where(usable | np.isinf(noise), ratio * np.sqrt(variance), noise)
    return noise
