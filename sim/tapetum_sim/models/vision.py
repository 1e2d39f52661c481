# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the network's front end: whole frames, vectorised."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapetum.config import ColourFilter, DieConfig

__all__ = ["VisionModel", "input_words", "overlaps", "tone_position", "toned"]

LEADING_BITS = 18
HIGHEST = 96 * 256 - 1


class VisionModel:
    """What the room makes of combined frames.

    Parameters
    ----------
    config : DieConfig
    settings : mapping
        `VisionSettings`, as `vision_settings` makes them.
    knots : sequence of int
        Tone curve, as `tone_knots` makes it.
    """

    def __init__(self, config: DieConfig, settings: Mapping[str, Any], knots: Sequence[int]):
        self.config, self.settings = config, dict(settings)
        self.knots = np.asarray(knots, np.int64)

    def frame(self, linear: ArrayLike, frame_settings: Mapping[str, Any]) -> NDArray[np.int8]:
        """The network's input from a combined frame, or from a stack of them.

        Parameters
        ----------
        linear : array (..., rows, columns)
            With the pedestal.
        frame_settings : mapping
            `FrameSettings` of the frame: its pedestal and its flips.

        Returns
        -------
        array (..., rows, columns, channels)
        """
        settings = self.settings
        light = np.asarray(linear, np.int64) - frame_settings["pedestal_lsb"]
        along_x = overlaps(settings["cells_x"], settings["columns"])
        along_y = overlaps(settings["cells_y"], settings["rows"])
        channels = []
        for plane, pixels_log2 in self._channels(light, frame_settings):
            sums = along_y @ plane @ along_x.T
            channels.append(toned(tone_position(
                sums, settings["reciprocal"], settings["reciprocal_shift"] + pixels_log2),
                self.knots))
        return np.stack(channels, axis=-1)

    def _channels(self, light: NDArray[np.int64], frame_settings: Mapping[str, Any]
                  ) -> list[tuple[NDArray[np.int64], int]]:
        """Each channel's sum over the pixels of a cell, and the logarithm of their number."""
        settings, colour_filter = self.settings, self.config.array.colour_filter
        cell = 1 if colour_filter is ColourFilter.MONO else 2
        top, left = settings["row_start"], settings["column_start"]
        region = light[..., top:top + cell * settings["cells_y"],
                       left:left + cell * settings["cells_x"]]
        if cell == 1:
            return [(region, 0)]
        letters = np.array(list(colour_filter.value)).reshape(2, 2)
        flipped = tuple(axis for axis, name in enumerate(("flip_rows", "flip_columns"))
                        if frame_settings[name])
        letters = np.flip(letters, flipped)
        colours = {letter: np.sum([region[..., y::2, x::2]
                                   for y, x in np.argwhere(letters == letter)], axis=0)
                   for letter in "rgb"}
        if settings["rgb"]:
            return [(colours["r"], 0), (colours["g"], 1), (colours["b"], 0)]
        return [(colours["r"] + colours["g"] + colours["b"], 2)]


def overlaps(cells: int, outputs: int) -> NDArray[np.int64]:
    """How much of each cell lies in each output, in 1/outputs of a cell; shape (outputs, cells)."""
    output, cell = np.arange(outputs)[:, None], np.arange(cells)
    return np.maximum(np.minimum((output + 1) * cells, (cell + 1) * outputs)
                      - np.maximum(output * cells, cell * outputs), 0)


def tone_position(sums: NDArray[np.int64], reciprocal: int, shift: int) -> NDArray[np.int64]:
    """Place on the tone curve, in 1/256 of its segments."""
    is_lit, sums = sums > 0, np.maximum(sums, 1)
    lead = np.frexp(sums.astype(np.float64))[1].astype(np.int64) - 1
    spare = lead - (LEADING_BITS - 1)
    mantissa = np.where(spare > 0, sums >> np.maximum(spare, 0), sums << np.maximum(-spare, 0))
    product = mantissa * reciprocal
    carry = product >> (2 * LEADING_BITS - 1)
    octave = lead - shift + carry
    number = product >> (2 * LEADING_BITS - 12 + carry)
    position = np.where(octave >= 1, (octave - 1) * 1024 + number,
                        number >> np.clip(1 - octave, 0, 11))
    return np.where(is_lit, np.minimum(position, HIGHEST), 0)


def toned(position: NDArray[np.int64], knots: NDArray[np.int64]) -> NDArray[np.int8]:
    """Between two knots, rounded twice: to 1/256 codes, then to codes."""
    segment, fraction = position >> 8, position & 255
    rise = knots[segment + 1] - knots[segment]
    point = knots[segment] + ((rise * fraction + 128) >> 8)
    return np.minimum((point + 128) >> 8, 127).astype(np.int8)


def input_words(picture: NDArray[np.int8]) -> list[list[int]]:
    """Words of each row, as the array takes them: the first channel lowest, unused bytes zero."""
    return [[int.from_bytes(pixel.tobytes(), "little") for pixel in row] for row in picture]
