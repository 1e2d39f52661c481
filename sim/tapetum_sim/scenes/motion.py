# SPDX-License-Identifier: Apache-2.0
"""Paths that moving layers follow across the picture."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

__all__ = ["ApproachPath", "LinearPath", "Path"]


class Path(Protocol):
    """Where a sprite's top left corner is at each time, in pixels, and how large it appears.

    ``lap_s`` is the time after which the path starts again.
    """

    @property
    def lap_s(self) -> float: ...

    def place(self, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x, y in pixels and pixels per texel at each time within a lap."""
        ...


@dataclass(frozen=True, kw_only=True)
class LinearPath:
    """Constant velocity in the plane of the picture."""

    x_px: float
    y_px: float
    x_px_per_s: float = 0.0
    y_px_per_s: float = 0.0
    scale: float = 1.0
    lap_s: float = float("inf")

    def place(self, time_s):
        return (self.x_px + self.x_px_per_s * time_s, self.y_px + self.y_px_per_s * time_s,
                np.full_like(time_s, self.scale))


@dataclass(frozen=True, kw_only=True)
class ApproachPath:
    """Constant velocity along the optical axis of a pinhole camera.

    ``left_m`` and ``top_m`` are the sprite's corner relative to the axis (y down), ``texel_m``
    the size of its texels.
    """

    focal_px: float
    centre_x_px: float
    centre_y_px: float
    left_m: float
    top_m: float
    texel_m: float
    distance_m: float
    speed_m_per_s: float
    lap_s: float

    def __post_init__(self):
        if not self.distance_m - self.speed_m_per_s * self.lap_s > 0:
            raise ValueError("the sprite must stay in front of the camera for its whole lap.")

    def place(self, time_s):
        magnification = self.focal_px / (self.distance_m - self.speed_m_per_s * time_s)
        return (self.centre_x_px + self.left_m * magnification,
                self.centre_y_px + self.top_m * magnification, self.texel_m * magnification)
