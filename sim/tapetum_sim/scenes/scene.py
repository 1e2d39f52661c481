# SPDX-License-Identifier: Apache-2.0
"""What every scene offers, and the one error that a bad one raises."""

from typing import Protocol, runtime_checkable

import numpy as np

from ..errors import UserError

__all__ = ["Scene", "SceneError"]


class SceneError(UserError):
    """A scene that cannot be used: one sentence with the file, the cause and the remedy."""


@runtime_checkable
class Scene(Protocol):
    """Scene-linear radiance on the active pixels, as a function of time.

    Radiance is in the scene's own unit. ``electrons_per_second`` turns one unit into
    photoelectrons per second of the large photodiode, behind the colour filter.

    Members
    -------
    name : str
    rows, columns : int
        Active pixels.
    electrons_per_second : float
        Electrons per second per unit of radiance.
    notices : tuple of str
        What the user should know about how the scene was made to fit; one sentence each.
    """

    name: str
    rows: int
    columns: int
    electrons_per_second: float
    notices: tuple[str, ...]

    def row_radiance(self, row: int, start_s: float, end_s: float) -> np.ndarray:
        """Mean radiance of each pixel of an active row over ``[start_s, end_s)``.

        Behind the colour filter; float64, shape ``(columns,)``.
        """
        ...

    def truth(self, start_s: float, end_s: float) -> np.ndarray:
        """Mean radiance of the mosaic, every row over the same window; ``(rows, columns)``."""
        ...

    def picture(self, start_s: float = 0.0, end_s: float = 1 / 60) -> np.ndarray:
        """Tone-mapped sRGB picture, uint8, shape ``(rows, columns, 3)``."""
        ...
