# SPDX-License-Identifier: Apache-2.0
"""A host's first program: who are you, two frames, another exposure, a picture.

Start ``tapetum serve`` and then this, with the server's folder if it is not build/serve::

    python docs/serve/two_frames.py build/serve
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tapetum_sim.client import SentFrame, VirtualSensor

__all__ = ["main"]

# CCS 1.1
MODEL_ID, MODE_SELECT, DATA_FORMAT = 0x0000, 0x0100, 0x0112
COARSE_INTEGRATION_TIME, FRAME_LENGTH_LINES = 0x0202, 0x0340
RAW12 = 0x0C0C


def main(folder: Path) -> None:
    """Leave ``first.png`` and ``darker.png`` in the folder."""
    with VirtualSensor(folder, patience_s=120) as sensor:
        print(f"model 0x{sensor.read_value(MODEL_ID):04x} at device 0x{sensor.address:02x}")
        sensor.write_value(DATA_FORMAT, RAW12)
        exposure = sensor.read_value(COARSE_INTEGRATION_TIME)
        lines = sensor.read_value(FRAME_LENGTH_LINES)
        print(f"exposure {exposure} of {lines} lines")

        with sensor.frames(fresh=True) as stream:
            pixels = (frame for frame in stream if frame.virtual_channel == 0)
            sensor.write(MODE_SELECT, b"\x01")
            for _ in range(2):
                first = next(pixels)
                describe(first)

            # Settings belong to frames: those that were planned before keep the old one.
            sensor.write_value(COARSE_INTEGRATION_TIME, exposure // 2)
            darker = next(pixels)
            while darker.register(COARSE_INTEGRATION_TIME) != exposure // 2:
                describe(darker)
                darker = next(pixels)
            describe(darker)
            sensor.write(MODE_SELECT, b"\x00")

    save(first, folder / "first.png")
    save(darker, folder / "darker.png")


def describe(frame: SentFrame) -> None:
    """One line about a frame."""
    rows, columns = frame.pixels.shape
    print(f"frame {frame.number}: {columns}x{rows} RAW{frame.bits}, exposure "
          f"{frame.register(COARSE_INTEGRATION_TIME)} lines, ended at {frame.end_ps / 1e9:.3f} ms, "
          f"mean {frame.pixels.mean():.1f}, {len(frame.errors)} errors")


def save(frame: SentFrame, path: Path) -> None:
    """The mosaic in grey, as it was sent."""
    Image.fromarray((frame.pixels >> frame.bits - 8).astype(np.uint8)).save(path)
    print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/serve"))
