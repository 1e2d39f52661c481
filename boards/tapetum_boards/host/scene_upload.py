# SPDX-License-Identifier: Apache-2.0
"""Scenes for the pixel die, from the host's files into the board's memory."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from tapetum.config import ColourFilter, DieConfig, Photodiode
from tapetum_sim.errors import UserError
from tapetum_sim.scenes.catalogue import load_scene
from tapetum_sim.scenes.scene import SceneError

from ..link.board_bus import MEMORY
from ..pixel_die.defaults import BRIGHTEST
from ..pixel_die.drawn_scene import DRAWN_SCENES
from ..pixel_die.radiance import encode_radiance
from ..pixel_die.uploaded_scene import SCENE_PLACE
from .board import Board

__all__ = ["scene_words", "upload_scene"]

_FRAME_S = 1 / 60


def scene_words(config: DieConfig, name_or_path: str) -> np.ndarray:
    """`Radiance` words of every active pixel: uint16, rows x columns.

    A synthetic scene or a picture file, as `tapetum sim --scene` takes it, without colour filters:
    the board's pixel die has none. A ``.npy`` file of uint16 holds the words themselves.

    Raises
    ------
    UserError
        If the file cannot be used, or words are not as many as the sensor has pixels.
    """
    path = Path(name_or_path)
    if path.suffix == ".npy" and path.is_file():
        words = _array_in(path)
        if words.dtype == np.uint16:
            wanted = (config.array.rows, config.array.columns)
            if words.shape != wanted:
                raise UserError(f"the words in {path} are {'x'.join(map(str, words.shape))}, but "
                                f"the sensor has {wanted[0]} rows of {wanted[1]} pixels; make them "
                                f"as many, or give a picture.")
            return words
    mono = replace(config, array=replace(config.array, colour_filter=ColourFilter.MONO))
    scene = load_scene(mono, name_or_path)
    return encode_radiance(scene.truth(0.0, _FRAME_S) * scene.electrons_per_second
                           * _units_per_electron_second(config))


def _array_in(path: Path) -> np.ndarray:
    """The one array in a ``.npy`` file."""
    try:
        with path.open("rb") as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:  # whatever a damaged header leads to
        cause = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise SceneError(f"cannot use scene {path}: it could not be read ({cause}); save one array "
                         f"of numbers with np.save.") from None


def _units_per_electron_second(config: DieConfig) -> float:
    """The light that just fills the shortest exposure of the large photodiode is `BRIGHTEST`."""
    shortest = min(config.exposure_cycles(capture) for capture in config.captures
                   if capture.photodiode is Photodiode.LARGE)
    return BRIGHTEST * shortest / config.sync_clock_hz / config.pixel.large_full_well_electrons


def upload_scene(board: Board, words: np.ndarray,
                 progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Put words into the board's memory and show them to the pixel die.

    A packet that is lost on the way is sent again; nothing else of the board changes.
    """
    content = words.astype(">u2").tobytes()
    # The pixel die reads from memory what it does not have at hand: it looks away meanwhile.
    if board.get("scene") == DRAWN_SCENES.UPLOADED.value:
        board.set(scene=DRAWN_SCENES.STEP_CHART.value)
    board.link.write(MEMORY + SCENE_PLACE, content,
                     lambda done: progress(done, len(content)))
    board.set(scene=DRAWN_SCENES.UPLOADED.value)
