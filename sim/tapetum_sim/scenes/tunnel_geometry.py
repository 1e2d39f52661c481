# SPDX-License-Identifier: Apache-2.0
"""Camera and walls of the tunnel: which surface a pixel sees, and where."""

from dataclasses import dataclass, fields

import numpy as np

__all__ = ["CAMERA_HEIGHT_M", "Camera", "HALF_WIDTH_M", "Hits", "LANE_M", "MOUTH_M", "TUNNEL_X_M",
           "trace"]

CAMERA_HEIGHT_M = 1.35
LANE_M = 3.6
TUNNEL_X_M = -1.8
"""The camera drives in the right lane, so the tunnel's axis lies to its left."""
HALF_WIDTH_M = 4.9
SPRING_M = 1.5
"""Height above the camera at which the walls turn into the arch."""
MOUTH_M = 34.0


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Pinhole; x to the right, y up, z ahead, in metres; the horizon is row ``centre_y_px``."""

    focal_px: float
    centre_x_px: float
    centre_y_px: float

    @classmethod
    def for_array(cls, rows: int, columns: int) -> "Camera":
        return cls(focal_px=0.92 * columns, centre_x_px=0.545 * columns,
                   centre_y_px=0.5 * rows)

    def project(self, x_m: float, y_m: float, z_m: float) -> tuple[float, float]:
        """Column and row at which a point appears."""
        return (self.centre_x_px + x_m / z_m * self.focal_px,
                self.centre_y_px - y_m / z_m * self.focal_px)


@dataclass(frozen=True)
class Hits:
    """For each ray: slopes, distance and coordinates along the tunnel's inner surface."""

    slope_x: np.ndarray
    slope_y: np.ndarray
    z: np.ndarray
    x: np.ndarray
    y: np.ndarray
    is_road: np.ndarray
    around: np.ndarray
    """Metres along the cross-section, up from the road."""

    def at(self, mask: np.ndarray) -> "Hits":
        """Only the rays that ``mask`` picks, flat."""
        return Hits(*(getattr(self, field.name)[mask] for field in fields(self)))


def trace(camera: Camera, columns: np.ndarray, rows: np.ndarray) -> Hits:
    """Follow rays through pixel positions to the road, the walls or the arch."""
    slope_x = np.broadcast_to((columns - camera.centre_x_px) / camera.focal_px,
                              np.broadcast(columns, rows).shape)
    slope_y = np.broadcast_to((camera.centre_y_px - rows) / camera.focal_px, slope_x.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        z_road = np.where(slope_y < 0, -CAMERA_HEIGHT_M / slope_y, np.inf)
        z_wall = np.where(slope_x > 0, (TUNNEL_X_M + HALF_WIDTH_M) / slope_x,
                          (TUNNEL_X_M - HALF_WIDTH_M) / slope_x)
    # Arch: a half circle on top of the walls; the far root of the ray's quadratic.
    a = slope_x ** 2 + slope_y ** 2
    b = -TUNNEL_X_M * slope_x - SPRING_M * slope_y
    c = TUNNEL_X_M ** 2 + SPRING_M ** 2 - HALF_WIDTH_M ** 2
    z_arch = (-b + np.sqrt(np.maximum(b * b - a * c, 0))) / np.maximum(a, 1e-12)
    z_side = np.where(z_wall * slope_y > SPRING_M, z_arch, z_wall)
    z = np.minimum(np.minimum(z_road, z_side), 1e4)
    x, y = slope_x * z, slope_y * z
    is_road = z_road <= z_side
    angle = np.arctan2(np.maximum(y - SPRING_M, 0), np.abs(x - TUNNEL_X_M))
    around = np.minimum(y, SPRING_M) + CAMERA_HEIGHT_M + HALF_WIDTH_M * angle
    return Hits(slope_x, slope_y, z, x, y, is_road, around)
