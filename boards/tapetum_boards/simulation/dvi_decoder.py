# SPDX-License-Identifier: Apache-2.0
"""What a monitor makes of DVI symbols."""

from itertools import pairwise

import numpy as np

from ..picture.tmds_encoder import CONTROL_SYMBOLS
from ..picture.video_timing import VideoTiming

__all__ = ["decode_screens", "decode_symbols"]


def decode_symbols(symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bytes of symbols (DVI 1.0, figure 3-6), and control bits, -1 where there is a byte."""
    symbols = np.asarray(symbols, np.int64)
    control = np.full(symbols.shape, -1)
    for number, symbol in enumerate(CONTROL_SYMBOLS):
        control[symbols == symbol] = number
    bits = symbols & 0xFF ^ np.where(symbols >> 9, 0xFF, 0)
    changes = bits ^ bits << 1
    levels = np.where(symbols >> 8 & 1, changes, ~changes & 0xFE | bits & 1) & 0xFF
    return levels.astype(np.uint8), control


def decode_screens(symbols: np.ndarray, timing: VideoTiming) -> list[np.ndarray]:
    """Whole frames of a recording, each uint8 of rows x columns x red, green, blue.

    Parameters
    ----------
    symbols : array of (clocks, 3)
        Blue, green, red.

    Raises
    ------
    ValueError
        If a line or a frame between two sync pulses is not as long as the mode says, or a channel
        has data where another has none.
    """
    levels, control = decode_symbols(symbols)
    visible = control[:, 0] < 0
    if (visible != (control < 0).T).any():
        raise ValueError("the channels do not agree on where the picture is.")
    # Blanked clocks carry the syncs; where pixels are they stand as they did before.
    row_pulse = (control[:, 0] >> 1 & 1) == timing.sync_is_high
    row_pulse &= ~visible
    # A pulse begins in the blanking; behind anything else it is what a transmitter powers up with.
    starts = np.flatnonzero(row_pulse[1:] & ~row_pulse[:-1] & ~visible[:-1]) + 1
    screens = []
    for begin, end in pairwise(starts):
        if end - begin != timing.frame_clocks:
            raise ValueError(f"a frame lasts {end - begin} clocks, not "
                             f"{timing.frame_clocks}.")
        shown = np.flatnonzero(visible[begin:end]) + begin
        if len(shown) != timing.columns * timing.rows:
            raise ValueError(f"a frame has {len(shown)} pixels, not "
                             f"{timing.columns * timing.rows}.")
        lines = shown.reshape(timing.rows, timing.columns)
        if (np.diff(lines, axis=1) != 1).any() \
                or (np.diff(lines[:, 0]) != timing.total_columns).any():
            raise ValueError("the lines of a frame are not of one length.")
        screens.append(levels[lines][..., ::-1])
    return screens
