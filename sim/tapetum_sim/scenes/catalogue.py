# SPDX-License-Identifier: Apache-2.0
"""Find a scene by its name or by its file."""

from collections.abc import Callable
from pathlib import Path

from tapetum.config import DieConfig

from .chart import Chart
from .flicker import Flicker
from .image_file import SUFFIXES
from .image_scene import ImageScene
from .layered import LayeredScene
from .scene import SceneError
from .tunnel import Tunnel

__all__ = ["SCENES", "load_scene"]

SCENES: dict[str, Callable[..., LayeredScene]] = {
    "tunnel": Tunnel, "chart": Chart, "flicker": Flicker}


def load_scene(config: DieConfig, name_or_path: str | Path, *,
               electrons_per_second: float | None = None) -> LayeredScene:
    """The synthetic scene of that name, or the picture file at that path.

    Raises
    ------
    SceneError
        One sentence with what is wrong and what to do.
    """
    name = str(name_or_path)
    if name in SCENES:
        return SCENES[name](config, electrons_per_second=electrons_per_second)
    if not Path(name).suffix and not Path(name).exists():
        raise SceneError(f"cannot use scene {name}: there is no scene of that name; choose one "
                         f"of {', '.join(SCENES)}, or give a file ({', '.join(SUFFIXES)}).")
    return ImageScene(config, name, electrons_per_second=electrons_per_second)
