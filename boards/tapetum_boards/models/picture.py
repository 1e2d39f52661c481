# SPDX-License-Identifier: Apache-2.0
"""What `Picture` puts on the screen, in integers."""

from dataclasses import dataclass

import numpy as np

from tapetum.config import DieConfig

from ..picture import colours
from ..picture.font import (
    CAPTION_CHARACTERS,
    FIRST_CHARACTER,
    FONT_PLACE,
    GLYPH_ROWS,
    Caption,
    text_memory,
)
from ..picture.layout import CELL_PIXELS, PICTURE_MODES, PictureLayout
from ..picture.screen import FRAME_PIXELS
from ..picture.tone_table import CAPTURE_INDEX_BITS, capture_curve, combined_curve

__all__ = ["PictureModel", "ShownState"]


@dataclass(frozen=True, kw_only=True)
class ShownState:
    """`PictureState`; without a verdict ``class_number`` is None."""

    mode: PICTURE_MODES
    capture: int = 0
    class_number: int | None = None
    score: int = 0
    marked: bool = False
    fault: bool = False


class PictureModel:
    """Screens of one configuration.

    Parameters
    ----------
    config : DieConfig
    layout : PictureLayout
    text : bytes, optional
        What the memory of the text holds; default: as after power-up.
    """

    def __init__(self, config: DieConfig, layout: PictureLayout, text: bytes | None = None):
        self.config, self.layout = config, layout
        self.text = np.frombuffer(text or text_memory(config), np.uint8)

    def of_capture(self, codes: np.ndarray, bits: int) -> np.ndarray:
        """Levels of corrected codes with so many bits."""
        black = self.config.adc.pedestal_codes << self.config.hdr.fraction_bits
        down = bits - CAPTURE_INDEX_BITS
        return capture_curve(black >> down)[codes >> down]

    def of_link(self, pixels: np.ndarray, bits: int) -> np.ndarray:
        """Levels of pixels as received."""
        codes = pixels if bits == 12 else (pixels >> bits - 8) << 4
        return combined_curve(self.config.hdr.pedestal_lsb)[codes]

    def screen(self, capture: np.ndarray | None, combined: np.ndarray | None,
               marks: np.ndarray | None, state: ShownState) -> np.ndarray:
        """uint8, rows x columns x red, green, blue.

        ``capture`` and ``combined`` are levels, ``marks`` flags, each rows x columns of the sensor;
        None where no frame has come yet.
        """
        layout, timing = self.layout, self.layout.timing
        full = state.mode is not PICTURE_MODES.SPLIT
        drawn = np.empty((timing.rows, timing.columns, 3), np.uint8)
        drawn[:] = _rgb(colours.BACKGROUND)
        sources = [(capture, False), (combined, True)]
        if full:
            sources = [sources[state.mode is not PICTURE_MODES.CAPTURE]]
        for number, (levels, is_combined) in enumerate(sources):
            if levels is not None:
                shown = self._pixels(levels, marks if is_combined and state.marked else None, state)
                times = layout.scale * (2 if full else 1)
                shown = shown.repeat(times, 0).repeat(times, 1)
                top, left = layout.top(full=full), layout.middle if number else layout.left
                drawn[top:top + shown.shape[0], left:left + shown.shape[1]] = shown
        if full:
            inside = np.zeros(drawn.shape[:2], bool)
            if sources[0][0] is not None:
                inside[layout.top(full=True):layout.bottom(full=True),
                       layout.left:layout.right] = True
            for cell in (layout.heading_cell, layout.verdict_cell):
                rows = _cell(cell(full=True))
                drawn[rows] = np.where(inside[rows][..., None], drawn[rows] >> 2, drawn[rows])
        self._beside(drawn, state, full=full)
        self._texts(drawn, state, full=full)
        return drawn

    @staticmethod
    def _pixels(levels: np.ndarray, marks: np.ndarray | None, state: ShownState) -> np.ndarray:
        grey = levels >> 1 if state.mode is PICTURE_MODES.FLICKER_MAP else levels
        shown = np.stack([grey] * 3, -1)
        if marks is not None and state.mode is not PICTURE_MODES.VERDICT:
            red = np.stack([np.full_like(levels, colours.MARK), levels >> 1,
                            np.zeros_like(levels)], -1)
            shown = np.where(marks[..., None], red, shown)
        return shown

    def _beside(self, drawn: np.ndarray, state: ShownState, *, full: bool) -> None:
        layout, width = self.layout, FRAME_PIXELS
        colour = _rgb(colours.NO_VERDICT if state.class_number is None
                      else colours.CLASSES[state.class_number % 8])
        rows = slice((layout.verdict_cell(full=full) + 1) * CELL_PIXELS,
                     (layout.verdict_cell(full=full) + 1) * CELL_PIXELS + CELL_PIXELS // 2)
        first = layout.middle + CELL_PIXELS
        drawn[rows, first:first + 256] = _rgb(colours.TRACK)
        if full:
            drawn[:width] = drawn[-width:] = drawn[:, :width] = drawn[:, -width:] = colour
        else:
            right = slice(layout.middle, layout.right)
            top, bottom = layout.top(full=False), layout.bottom(full=False)
            drawn[max(top - width, 0):top, right] = colour
            drawn[bottom:bottom + width, right] = colour
        if state.class_number is not None:
            drawn[rows, first:first + (state.score & 0xFF ^ 0x80) + 1] = colour

    def _texts(self, drawn: np.ndarray, state: ShownState, *, full: bool) -> None:
        mode = state.mode
        of_capture = mode in (PICTURE_MODES.SPLIT, PICTURE_MODES.CAPTURE)
        heading = {PICTURE_MODES.SPLIT: Caption.COMBINED,
                   PICTURE_MODES.FLICKER_MAP: Caption.FLICKER_MAP}.get(mode, Caption.BLANK)
        verdict = (Caption.NO_VERDICT if state.class_number is None
                   else state.class_number if state.class_number < Caption.CAPTURES
                   else Caption.OTHER_CLASS)
        layout = self.layout
        upper, lower = layout.heading_cell(full=full), layout.verdict_cell(full=full)
        self._text(drawn, upper, layout.left,
                   Caption.CAPTURES + state.capture if of_capture else Caption.COMBINED)
        self._text(drawn, upper, layout.middle, heading)
        self._text(drawn, lower, layout.left, Caption.FAULT if state.fault else Caption.NO_FAULT,
                   colours.FAULT if state.fault else colours.TEXT)
        self._text(drawn, lower, layout.middle, verdict)

    def _text(self, drawn: np.ndarray, cell: int, left: int, caption: int,
              colour: int = colours.TEXT) -> None:
        cells = (self.layout.middle - self.layout.left) // CELL_PIXELS
        letters = self.text[caption * CAPTION_CHARACTERS:][:min(CAPTION_CHARACTERS, cells - 1)]
        for number, letter in enumerate(letters):
            rows = self.text[FONT_PLACE + (int(letter) - FIRST_CHARACTER) % 64 * GLYPH_ROWS:][
                :GLYPH_ROWS]
            dots = np.unpackbits(rows[:, None], axis=1).astype(bool).repeat(2, 0).repeat(2, 1)
            place = left + CELL_PIXELS * (number + 1)
            part = drawn[_cell(cell), place:place + CELL_PIXELS]
            part[dots[:len(part)]] = _rgb(colour)


def _cell(cell: int) -> slice:
    return slice(cell * CELL_PIXELS, (cell + 1) * CELL_PIXELS)


def _rgb(colour: int) -> np.ndarray:
    return np.array([colour >> 16, colour >> 8 & 255, colour & 255], np.uint8)
