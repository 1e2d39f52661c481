# SPDX-License-Identifier: Apache-2.0
"""The monitor of a simulated board, as a file."""

from pathlib import Path

import numpy as np
from PIL import Image

from tapetum_sim.simulator import read_window

from ..picture.dvi_channels import CHANNELS
from ..picture.video_timing import VGA_60HZ
from .board_simulation import SCREEN
from .dvi_decoder import decode_screens

__all__ = ["Screenshot", "read_screen"]


def read_screen(folder: Path) -> np.ndarray | None:
    """The last whole frame that the board in ``folder`` has sent, if there is one: uint8, rows x
    columns x red, green, blue."""
    words = read_window(folder / f"{SCREEN}.window")
    if not len(words):
        return None
    symbols = np.stack([words >> 10 * channel & 0x3FF for channel in range(len(CHANNELS))], -1)
    screens = decode_screens(symbols, VGA_60HZ)
    return screens[-1] if screens else None


class Screenshot:
    """Keeps ``screen.png`` in the folder of a simulated board up to date."""

    def __init__(self, folder: Path):
        self._folder, self._seen = folder, 0

    def update(self) -> bool:
        """Write the picture anew if there is a new frame; says whether there was one."""
        recording = self._folder / f"{SCREEN}.window"
        if not recording.exists() or recording.stat().st_mtime_ns == self._seen:
            return False
        self._seen = recording.stat().st_mtime_ns
        screen = read_screen(self._folder)
        if screen is None:
            return False
        following = self._folder / "screen.next.png"
        Image.fromarray(screen).save(following)
        following.rename(self._folder / "screen.png")
        return True
