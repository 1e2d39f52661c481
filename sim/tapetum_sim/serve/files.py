# SPDX-License-Identifier: Apache-2.0
"""Frames as files: pixels, a picture of them, packets and what the header says."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from ..client.frames import SentFrame
from ..csi2.tensors import read_tensors
from ..report.tensors import save_tensor

__all__ = ["FrameFiles", "picture"]


class FrameFiles:
    """Writes ``000001-channel0`` ``.npy``, ``.png``, ``.packets`` and ``.json``, and so on.

    Frames are numbered as they come, on from what is in the folder. Channels without pixels have no
    ``.npy`` and no ``.png``; that of the network's input and output has those of `save_tensor`. The
    ``.json`` is written last.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._count = max((int(path.name.partition("-")[0])
                           for path in folder.glob("[0-9]*-channel*.packets")), default=0)

    def write(self, frame: SentFrame) -> None:
        """One more frame."""
        self._count += 1
        stem = self._folder / f"{self._count:06d}-channel{frame.virtual_channel}"
        stem.with_suffix(".packets").write_bytes(frame.packets)
        if frame.pixels.size:
            np.save(stem.with_suffix(".npy"), frame.pixels)
            picture(frame).save(stem.with_suffix(".png"))
        for tensor in read_tensors(frame.packets):
            save_tensor(tensor, self._folder, stem.name)
        stem.with_suffix(".json").write_text(json.dumps(frame.header(), indent=1) + "\n",
                                             encoding="utf-8")


def picture(frame: SentFrame) -> Image.Image:
    """The mosaic in 16-bit grey, full scale white; RAW20 and RAW24 lose their low bits."""
    shift = 16 - frame.bits
    scaled = frame.pixels << shift if shift > 0 else frame.pixels >> -shift
    return Image.fromarray(scaled.astype(np.uint16))
