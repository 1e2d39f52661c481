# SPDX-License-Identifier: Apache-2.0
"""Does the board send what the models say, bit for bit?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tapetum.config import CaptureConfig, ConversionGain, DieConfig, Photodiode
from tapetum.pixel import RampKind
from tapetum.registers.definition import Access
from tapetum.registers.table import register_table
from tapetum_sim.errors import UserError
from tapetum_sim.frame.reference import Reference, expected_ramps, reference
from tapetum_sim.models.csi2 import transmit
from tapetum_sim.models.settings import frame_settings

from ..models.drawn_scene import drawn_scene
from ..models.pixel_die import BoardPixelDieModel, Light
from ..pixel_die.defaults import default_modes
from ..pixel_die.drawn_scene import DRAWN_SCENES
from .board import Board
from .packets import first_frame, of_channel_0, split_frames
from .scene_upload import upload_scene

__all__ = ["SelfTest", "expected_packets", "expected_rows", "run_self_test"]

_SEED = 0x5EED
_READ_SHIFT = 1


@dataclass(frozen=True, kw_only=True)
class SelfTest:
    """What came of it: of which frame, how many bytes and pixels, and how many were different."""

    frame: int
    bytes_compared: int
    different_bytes: int
    pixels_compared: int
    different_pixels: int

    @property
    def passed(self) -> bool:
        return self.pixels_compared > 0 and not self.different_bytes + self.different_pixels


def expected_packets(config: DieConfig, words: np.ndarray, frames: int) -> list[bytes]:
    """Packets of the first frames after a reset, with noise drawn from the seed alone.

    ``words`` are the scene's `Radiance`, rows x columns.
    """
    model, of_frames = expected_rows(config, words, frames)
    return split_frames(transmit(config, model.sent, of_frames, model.status))


def expected_rows(config: DieConfig, words: np.ndarray, frames: int
                  ) -> tuple[Reference, dict[int, dict[str, int]]]:
    """What every room gives in these frames, and their settings."""
    modes = default_modes(config)
    pixels = BoardPixelDieModel(config, words, modes, seed=_SEED, read_shift=_READ_SHIFT)
    registers = {register.name: register.reset for register in register_table(config)}
    settings = frame_settings(config, registers).settings
    if config.array.total_rows + config.largest_lag_lines >= settings["frame_length_lines"]:
        raise UserError("frames overlap in this configuration; lengthen the frame.")
    requests, trips = [], []
    for frame in range(frames):
        for kind, capture, _, _, _, row, exposure, _ in expected_ramps(config, settings):
            mode: CaptureConfig = config.captures[capture]
            light = Light(clocks=exposure, lamp_clocks=0) if kind else None
            requests.append({"command": {
                "kind": (RampKind.SIGNAL if kind else RampKind.RESET).value,
                "tag": {"frame": frame, "capture": capture}}, "physical_row": row})
            trips.append(pixels.trips(
                row, small=mode.photodiode is Photodiode.SMALL, light=light,
                high_gain=mode.conversion_gain is ConversionGain.HIGH))
    of_frames = dict.fromkeys(range(frames), settings)
    return reference(config, np.array(requests, object), np.array(trips), of_frames), of_frames


def run_self_test(board: Board, *, words: np.ndarray | None = None, wait_s: float = 5.0,
                  say: Callable[[str], None] = lambda text: None) -> SelfTest:
    """Reset the die, capture its first frame, and hold it against the models.

    The scene is the step chart, or what is uploaded first: ``words``, see `scene_words`. Leaves the
    die in standby with the registers of a reset; the board's own settings are restored.
    """
    resets = {name: register.reset for name, register in board.own_registers.items()
              if register.access is Access.READ_WRITE}
    before = {name: board.get(name) for name in resets}
    scene = DRAWN_SCENES.STEP_CHART
    try:
        if words is None:
            words = drawn_scene(board.config.array, scene)
        else:
            say("uploading the scene")
            upload_scene(board, words)
            scene = DRAWN_SCENES.UPLOADED
        say("resetting the die")
        board.reset_die()
        board.set(**resets | {"scene": scene.value, "noise_freeze": 1, "noise_seed": _SEED,
                              "read_noise_shift": _READ_SHIFT, "lamp_on": 0})
        board.set(capture_start=1)
        board.write({"mode_select": 1})
        say("capturing a frame")
        captured = board.captured(wait_s=wait_s)
        board.write({"mode_select": 0})
    finally:
        board.set(**before)
    say("playing the models")
    frame = first_frame(captured).number - 1
    expected = expected_packets(board.config, words, frame + 1)[frame]
    return compare(frame, captured, expected)


def compare(frame: int, captured: bytes, expected: bytes) -> SelfTest:
    """All bytes of virtual channel 0: embedded rows, pixels, checksums; and pixels as received."""
    pixels, wanted = (first_frame(packets).pixels for packets in (captured, expected))
    differing = (int((pixels != wanted).sum()) if pixels.shape == wanted.shape
                 else max(pixels.size, wanted.size))
    mine, theirs = of_channel_0(captured), of_channel_0(expected)
    length = max(len(mine), len(theirs))
    bytes_differing = sum(one != other for one, other in zip(
        mine.ljust(length, b"?"), theirs.ljust(length, b"!"), strict=True))
    return SelfTest(frame=frame, bytes_compared=length, different_bytes=bytes_differing,
                    pixels_compared=wanted.size, different_pixels=differing)
