# SPDX-License-Identifier: Apache-2.0
"""Radiance of the tunnel and of the landscape beyond its mouth, in cd/m2."""

from dataclasses import dataclass

import numpy as np

from .smoothing import gaussian_blur
from .tunnel_geometry import (
    CAMERA_HEIGHT_M,
    HALF_WIDTH_M,
    LANE_M,
    MOUTH_M,
    TUNNEL_X_M,
    Camera,
    Hits,
    trace,
)

__all__ = ["DARKEST", "SUN", "TunnelView", "render_tunnel"]

SUN = 500_000.0
"""The disc of a low, hazy sun; a clear one would be three thousand times brighter still."""
DARKEST = 0.05
"""Deep in the niche, 140 dB below the sun."""
SUPERSAMPLING = 2
BAND_ROWS = 64
SUN_SLOPE = (-0.012, 0.118)
SUN_RADIUS = 0.0085
LAMP_SPACING_M = 7.0
FIRST_LAMP_M = 15.0
LAMP_Y_M = 3.3
NICHE_M = (8.6, 10.2)

_SODIUM = np.array([1.35, 0.95, 0.45])
_DAYLIGHT = np.array([1.0, 1.0, 1.02])
_CONCRETE = np.array([1.03, 1.0, 0.94])


@dataclass(frozen=True, kw_only=True)
class TunnelView:
    """From where the tunnel is seen, and in which light.

    Parameters
    ----------
    mouth_m : float
        Distance of the mouth.
    daylight, lamps : float
        Factors of all daylight, the sun's disc included, and of the lamps inside.
    sun_slope : (float, float)
        Where the sun stands: to the right and up.
    """

    camera: Camera
    mouth_m: float = MOUTH_M
    daylight: float = 1.0
    lamps: float = 1.0
    sun_slope: tuple[float, float] = SUN_SLOPE


def render_tunnel(rows: int, columns: int, view: TunnelView | None = None) -> np.ndarray:
    """Background of the tunnel scene; shape ``(rows, columns, 3)``."""
    view = view or TunnelView(camera=Camera.for_array(rows, columns))
    camera = view.camera
    picture = np.empty((rows, columns, 3))
    s = SUPERSAMPLING
    x = (np.arange(columns * s)[None, :] + 0.5) / s
    for top in range(0, rows, BAND_ROWS):
        bottom = min(top + BAND_ROWS, rows)
        y = (np.arange(top * s, bottom * s)[:, None] + 0.5) / s
        hits = trace(camera, x, y)
        inside = hits.z < view.mouth_m
        fine = np.empty((*inside.shape, 3))
        fine[inside] = _tunnel(hits.at(inside), view)
        fine[~inside] = _outside(hits.at(~inside), view)
        picture[top:bottom] = fine.reshape(bottom - top, s, columns, s, 3).mean(axis=(1, 3))
    return np.maximum(_veil(picture, columns), DARKEST)


def _noise(u: np.ndarray, v: np.ndarray, seed: int) -> np.ndarray:
    """Smooth value noise in [-1, 1] on the integer lattice of ``u`` and ``v``."""
    table = np.random.default_rng(seed).uniform(-1, 1, (64, 64))
    i, j = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    a, b = u - i, v - j
    a, b = a * a * (3 - 2 * a), b * b * (3 - 2 * b)
    i, j = i & 63, j & 63
    k, n = (i + 1) & 63, (j + 1) & 63
    return ((table[i, j] * (1 - a) + table[k, j] * a) * (1 - b)
            + (table[i, n] * (1 - a) + table[k, n] * a) * b)


def _fractal(u: np.ndarray, v: np.ndarray, seed: int, octaves: int = 4) -> np.ndarray:
    return sum((_noise(u * 2 ** k, v * 2 ** k, seed + k) * 0.55 ** k for k in range(octaves)),
               start=np.zeros(np.broadcast(u, v).shape))


def _near(position: np.ndarray, centre: float, half_width: float,
          soft: float | np.ndarray) -> np.ndarray:
    return np.clip((half_width - np.abs(position - centre)) / soft + 0.5, 0, 1)


def _markings(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Share of paint on the road: solid edge lines, dashes between the lanes."""
    soft = 0.02 + 0.002 * z
    between = _near(x, -LANE_M / 2, 0.08, soft) * (np.mod(z - 1.0, 9.0) < 4.0)
    edges = _near(x, LANE_M / 2 - 0.15, 0.08, soft) + _near(x, -1.5 * LANE_M + 0.15, 0.08, soft)
    return np.clip(between + edges, 0, 1)


def _lamp_distance(z: np.ndarray) -> np.ndarray:
    """Metres along the tunnel to the nearest lamp; the first ones have failed."""
    nearest = FIRST_LAMP_M + LAMP_SPACING_M * np.maximum(
        np.round((z - FIRST_LAMP_M) / LAMP_SPACING_M), 0)
    return z - nearest


def _tunnel(hits: Hits, view: TunnelView) -> np.ndarray:
    depth = np.maximum(view.mouth_m - hits.z, 0)
    height = np.clip((hits.y + CAMERA_HEIGHT_M) / 8, 0, 1)
    daylight = view.daylight * (
        5200 * np.exp(-depth / 2.1) + 34 * np.exp(-depth / 6.5) + 0.42)
    along, above = _lamp_distance(hits.z), hits.y - LAMP_Y_M
    # Lamps sit on both walls: a point of a wall sees its own, the road sees both from afar.
    across = np.where(hits.is_road, HALF_WIDTH_M * 0.8, 0.45)
    lamps = view.lamps * 42 / (along ** 2 + np.minimum(above, 6) ** 2 + across ** 2 + 0.3) ** 1.15

    grain = _fractal(hits.around * 1.3, hits.z * 0.7, 3)
    stain = np.clip(_fractal(hits.z * 0.9, hits.around * 0.12, 11) - 0.1, 0, 1)
    panel = 1 - 0.55 * _near(np.mod(hits.z, 3.5), 1.75, 0.035, 0.03 + 0.004 * hits.z)
    stripe = 1 + 0.9 * _near(hits.around, 1.15, 0.14, 0.03)
    wall = (0.62 + 0.13 * grain) * (1 - 0.45 * stain) * panel * (0.72 + 0.28 * height)
    wall = np.where(hits.around < 3.0, wall * stripe * 1.18, wall)
    wall = np.where(np.abs(hits.around - 3.0) < 0.05, wall * 0.6, wall)

    pavement = np.abs(hits.x - TUNNEL_X_M) > 2 * LANE_M / 2 + 0.25
    kerb = _near(np.abs(hits.x - TUNNEL_X_M), LANE_M + 0.3, 0.09, 0.04)
    asphalt = 0.2 + 0.05 * _fractal(hits.x * 5, hits.z * 1.6, 21)
    wheel = 0.04 * np.cos(2 * np.pi * (hits.x + 0.95) / 1.8)
    road = np.where(pavement, 0.42 + 0.05 * _fractal(hits.x * 2, hits.z, 31),
                    asphalt - wheel + 0.6 * _markings(hits.x, hits.z)) + 0.25 * kerb
    reflectance = np.where(hits.is_road, road, wall)

    light = (daylight[..., None] * _DAYLIGHT + lamps[..., None] * _SODIUM)
    radiance = reflectance[..., None] * light * np.where(hits.is_road[..., None], 1.0, _CONCRETE)
    radiance += view.daylight * _gloss(hits, road)[..., None] * np.array([1.0, 0.98, 0.93])

    fitting = ((np.abs(along) < 0.75) & (np.abs(above) < 0.16) & ~hits.is_road
               & (hits.z > FIRST_LAMP_M - 1))
    radiance[fitting] = 2600 * view.lamps * _SODIUM
    niche = (~hits.is_road & (hits.x > TUNNEL_X_M) & (hits.z > NICHE_M[0])
             & (hits.z < NICHE_M[1]) & (hits.around < 2.5) & (hits.around > 0.15))
    door = (niche & (np.abs(hits.z - sum(NICHE_M) / 2) < 0.5) & (hits.around < 2.1))
    radiance[niche] = DARKEST * (1.25 + 0.25 * grain[niche, None])
    radiance[door] = DARKEST * 2.6 * np.array([0.5, 1.15, 0.6])
    return radiance


def _gloss(hits: Hits, road: np.ndarray) -> np.ndarray:
    """The mouth mirrored in the road, the stronger the flatter the view."""
    grazing = np.abs(hits.slope_y)
    lateral = np.exp(-((hits.slope_x + 0.045) / 0.075) ** 2)
    rough = 1 + 0.35 * _fractal(hits.x * 3, hits.z * 0.9, 41, 3)
    return np.where(hits.is_road, 900 * np.exp(-grazing / 0.022) * lateral * rough * (
        0.7 + road), 0)


def _outside(hits: Hits, view: TunnelView) -> np.ndarray:
    slope_x, slope_y = hits.slope_x, hits.slope_y
    from_sun = np.hypot(slope_x - view.sun_slope[0], slope_y - view.sun_slope[1])
    rise = np.clip(slope_y / 0.2, 0, 1)[..., None]
    sky = np.array([9500.0, 10200.0, 11500.0]) * (1 - rise) + (
        np.array([3600.0, 5600.0, 9800.0]) * rise)
    cloud = np.clip(_fractal(slope_x * 22, slope_y * 60, 51, 5) * 0.9 + 0.1, 0, 1)[..., None]
    sky = sky * (1 - 0.75 * cloud) + np.array([17000.0, 16500.0, 15500.0]) * 0.75 * cloud
    glow = (90_000 * np.exp(-from_sun / 0.011) + 16_000 * np.exp(-from_sun / 0.05))[..., None]
    sky = sky + glow * np.array([1.0, 0.93, 0.78])
    disc = np.clip((SUN_RADIUS - from_sun) / 0.0012 + 0.5, 0, 1)[..., None]
    radiance = sky * (1 - disc) + SUN * disc

    far = 0.030 + 0.013 * _fractal(slope_x * 26, np.zeros_like(slope_x), 61)
    near = 0.014 + 0.010 * _fractal(slope_x * 60 + 9, np.zeros_like(slope_x), 71)
    lit = 1 + 0.3 * _fractal(slope_x * 200, slope_y * 300, 81)
    radiance = np.where((slope_y < far)[..., None],
                        np.array([3000.0, 3900.0, 5000.0]), radiance)
    radiance = np.where((slope_y < near)[..., None],
                        lit[..., None] * np.array([1000.0, 1350.0, 650.0]), radiance)

    with np.errstate(divide="ignore"):
        z = np.where(slope_y < 0, CAMERA_HEIGHT_M / np.maximum(-slope_y, 1e-6), 1e6)
    x = slope_x * z
    is_road = (slope_y < 0) & (x > -1.5 * LANE_M - 0.6) & (x < LANE_M / 2 + 0.6)
    tarmac = 5200 * (1 + 0.08 * _fractal(x * 3, z * 0.5, 91)) + 9000 * _markings(x, z)
    sheen = 30_000 * np.exp(-((slope_x - view.sun_slope[0]) / 0.012) ** 2)
    grass = lit[..., None] * np.array([2300.0, 3300.0, 1100.0])
    ground = np.where(is_road[..., None], (tarmac + sheen)[..., None] * _CONCRETE, grass)
    return view.daylight * np.where((slope_y < 0)[..., None], ground, radiance)


def _veil(picture: np.ndarray, columns: int) -> np.ndarray:
    """Stray light of the lens: a halo that ends well before the dark part of the tunnel."""
    halo = gaussian_blur(picture, columns / 210)
    wide = gaussian_blur(picture, columns / 70)
    return 0.965 * picture + 0.025 * halo + 0.01 * wide
