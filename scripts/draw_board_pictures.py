# SPDX-License-Identifier: Apache-2.0
"""Draws docs/images/board-*.png: the monitor of a board at ``qvga``, by the models alone."""

from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from tapetum_boards.configurations import with_board_timing
from tapetum_boards.host.scene_upload import scene_words
from tapetum_boards.host.self_test import expected_rows
from tapetum_boards.models.picture import PictureModel, ShownState
from tapetum_boards.picture.layout import PICTURE_MODES, PictureLayout
from tapetum_boards.picture.video_timing import VGA_60HZ
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.models.csi2 import transmit

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CAPTURE, COLOURS = 1, 128


def draw() -> dict[str, Image.Image]:
    """Pictures by the name of their mode."""
    config = with_board_timing("qvga")
    rows, settings = expected_rows(config, scene_words(config, "tunnel"), 1)
    frames = {frame.virtual_channel: frame for frame in decode(
        transmit(config, rows.sent, settings, rows.status)).frames}
    captures = defaultdict(list)
    for row in rows.correct:
        captures[row.key[1]].append(row.values)
    model = PictureModel(config, PictureLayout(array=config.array, timing=VGA_60HZ))
    capture = model.of_capture(np.array(captures[CAPTURE]).astype(int), 12)
    combined = model.of_link(frames[0].pixels, frames[0].bits)
    marks = frames[1].marks[:, :config.array.columns]
    drawn = {}
    for mode in (PICTURE_MODES.SPLIT, PICTURE_MODES.FLICKER_MAP):
        shown = ShownState(mode=mode, capture=CAPTURE, marked=True)
        screen = Image.fromarray(model.screen(capture, combined, marks, shown))
        drawn[mode.name.lower().replace("_", "-")] = screen.quantize(COLOURS)
    return drawn


if __name__ == "__main__":
    for name, picture in draw().items():
        picture.save(IMAGES / f"board-{name}.png", optimize=True)
