# SPDX-License-Identifier: Apache-2.0
"""Things in the tunnel: a pedestrian, an oncoming car and lamps of traffic signs."""

import numpy as np

__all__ = ["oncoming_car", "pedestrian", "sign_housing", "sign_lamps"]

_DIGITS = {"8": ("01110", "10001", "10001", "01110", "10001", "10001", "01110"),
           "0": ("01110", "10001", "10011", "10101", "11001", "10001", "01110")}


def _grid(width_m: float, height_m: float, texel_m: float):
    columns, rows = round(width_m / texel_m), round(height_m / texel_m)
    x = (np.arange(columns) + 0.5) * texel_m - width_m / 2
    y = height_m - (np.arange(rows) + 0.5) * texel_m
    return np.meshgrid(x, y)


def _capsule(x, y, start, end, radius_start, radius_end):
    """Inside of a limb: a segment whose radius tapers."""
    (ax, ay), (bx, by) = start, end
    length = (bx - ax) ** 2 + (by - ay) ** 2
    along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1)
    distance = np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))
    return distance < radius_start + (radius_end - radius_start) * along


def pedestrian(texel_m: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    """Radiance and alpha of a walker 1.75 m tall, in the dark, a rim of daylight on one side."""
    x, y = _grid(0.9, 1.8, texel_m)
    skin = _capsule(x, y, (0.0, 1.60), (0.0, 1.66), 0.095, 0.10)
    coat = (_capsule(x, y, (0.0, 1.36), (0.0, 0.90), 0.20, 0.19)
            | _capsule(x, y, (0.0, 1.47), (0.0, 1.40), 0.07, 0.17))
    arms = (_capsule(x, y, (-0.19, 1.38), (-0.29, 1.12), 0.065, 0.055)
            | _capsule(x, y, (-0.29, 1.12), (-0.22, 0.88), 0.055, 0.045)
            | _capsule(x, y, (0.19, 1.38), (0.26, 1.10), 0.065, 0.055)
            | _capsule(x, y, (0.26, 1.10), (0.36, 0.93), 0.055, 0.045))
    legs = (_capsule(x, y, (-0.06, 0.86), (-0.16, 0.46), 0.105, 0.075)
            | _capsule(x, y, (-0.16, 0.46), (-0.27, 0.08), 0.075, 0.05)
            | _capsule(x, y, (0.07, 0.86), (0.15, 0.46), 0.105, 0.075)
            | _capsule(x, y, (0.15, 0.46), (0.16, 0.06), 0.075, 0.05))
    shoes = (_capsule(x, y, (-0.27, 0.05), (-0.19, 0.05), 0.05, 0.05)
             | _capsule(x, y, (0.16, 0.05), (0.26, 0.05), 0.05, 0.05))
    bag = _capsule(x, y, (-0.16, 1.0), (-0.18, 0.85), 0.13, 0.13)
    hood = _capsule(x, y, (0.0, 1.64), (0.0, 1.69), 0.11, 0.105) & ~(skin & (x > -0.02))
    alpha = skin | coat | arms | legs | shoes | bag | hood
    radiance = np.zeros((*alpha.shape, 3))
    for where, colour in ((legs, (0.10, 0.11, 0.17)), (shoes, (0.07, 0.06, 0.06)),
                          (coat, (0.75, 0.22, 0.12)), (arms, (0.62, 0.18, 0.10)),
                          (bag, (0.12, 0.16, 0.10)), (skin, (0.85, 0.55, 0.40)),
                          (hood, (0.55, 0.16, 0.09))):
        radiance[where] = colour
    # Daylight from the mouth catches the side that faces it; folds shade the rest.
    rim = alpha & ~np.roll(alpha, -2, axis=1)
    radiance *= (0.8 + 0.9 * np.clip(x / 0.4 + 0.3, 0, 1))[..., None]
    radiance[rim] *= 3.0
    band = coat & ((np.abs(y - 1.18) < 0.035) | (np.abs(y - 0.95) < 0.035))
    radiance[band] = (1.9, 2.0, 1.7)
    return radiance, alpha.astype(np.float64)


def oncoming_car(texel_m: float = 0.03) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radiance, alpha and lamp light of a car from the front, its light on the road included.

    The sprite is 3.4 m wide; the tyres stand 0.9 m above its lower border.
    """
    x, y = _grid(3.4, 3.0, texel_m)
    y = y - 0.9
    body = (np.abs(x) < 0.93 - 0.03 * np.clip((0.5 - y) / 0.3, 0, 1)) & (y > 0.22) & (y < 0.92)
    bonnet = (np.abs(x) < 0.90 - 0.35 * np.clip(y - 0.9, 0, 1)) & (y >= 0.9) & (y < 1.03)
    cabin = (np.abs(x) < 0.80 - 0.42 * (y - 0.95)) & (y >= 0.95) & (y < 1.48)
    roof = (np.abs(x) < 0.56 + 0.03 * (1.52 - y)) & (y >= 1.44) & (y < 1.50)
    glass = (np.abs(x) < 0.73 - 0.42 * (y - 0.98)) & (y > 1.03) & (y < 1.42)
    tyres = (np.abs(np.abs(x) - 0.76) < 0.12) & (y > 0.0) & (y < 0.45)
    mirrors = (np.abs(np.abs(x) - 0.98) < 0.10) & (np.abs(y - 1.02) < 0.07)
    solid = body | bonnet | cabin | roof | tyres | mirrors
    shadow = 0.6 * np.exp(-(x / 0.9) ** 4 - (y / 0.10) ** 2)
    radiance = np.zeros((*solid.shape, 3))
    radiance[solid] = (0.9, 1.1, 1.6)
    sky = np.clip((y - 0.2) / 0.9, 0, 1)[..., None] * np.array([1.2, 1.5, 2.2])
    radiance = radiance + np.where((solid & ~tyres)[..., None], sky, 0)
    radiance[glass] = (0.30, 0.38, 0.42)
    radiance[tyres] = 0.12
    grille = (np.abs(x) < 0.42) & (np.abs(y - 0.58) < 0.10)
    radiance[grille] = 0.2
    radiance[grille & (np.mod(y, 0.06) < 0.02)] = 1.4
    intake = (np.abs(x) < 0.65) & (np.abs(y - 0.34) < 0.06)
    radiance[intake] = 0.15
    plate = (np.abs(x) < 0.27) & (np.abs(y - 0.44) < 0.055)
    radiance[plate] = (5.0, 5.0, 4.6)
    alpha = np.maximum(solid.astype(np.float64), shadow)

    light = np.zeros(solid.shape)
    for side in (-1, 1):
        distance = np.hypot((x - side * 0.68) / 1.35, y - 0.68)
        light += np.where(distance < 0.085, 42_000.0, 0.0)
        light += 900 * np.exp(-distance / 0.09) + 28 * np.exp(-distance / 0.3)
        streak = np.exp(-((x - side * 0.68) / 0.16) ** 2)
        light += np.where(y < 0, 130 * streak * np.exp(y / 0.45), 0)
    border = np.clip((1.7 - np.abs(x)) / 0.3, 0, 1) * np.clip((y + 0.9) / 0.3, 0, 1) * (
        np.clip((2.1 - y) / 0.3, 0, 1))
    emission = (light * border)[..., None] * np.array([0.94, 1.0, 1.1])
    return radiance, alpha, emission


def sign_lamps(kind: str, size_px: int, radiance: float) -> np.ndarray:
    """Lit lamps of a square sign, ``size_px`` wide: ``"limit"`` or ``"arrow"``.

    Supersampled dots on a grid, so that small signs keep their mean light.
    """
    fine = 8
    axis = (np.arange(size_px * fine) + 0.5) / (size_px * fine) * 2 - 1
    x, y = np.meshgrid(axis, -axis)
    light = np.zeros((*x.shape, 3))
    if kind == "limit":
        radius = np.hypot(x, y)
        light[(radius > 0.72) & (radius < 0.93)] = (1.0, 0.10, 0.05)
        light[_digits(x, y)] = (0.95, 0.95, 0.85)
    else:
        stem = (np.abs(x) < 0.13) & (y > -0.25) & (y < 0.75)
        head = (y < -0.10) & (y > -0.78) & (np.abs(x) < (y + 0.78) * 0.85)
        light[stem | head] = (0.06, 1.0, 0.35)
    lamps = max(1, round(32 * min(1.0, size_px / 64)))
    u, v = np.mod((x + 1) / 2 * lamps, 1) - 0.5, np.mod((y + 1) / 2 * lamps, 1) - 0.5
    light *= (np.hypot(u, v) < 0.45)[..., None]
    return radiance * light.reshape(size_px, fine, size_px, fine, 3).mean(axis=(1, 3))


def _digits(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    lit = np.zeros(x.shape, bool)
    for index, digit in enumerate("80"):
        pattern = np.array([[c == "1" for c in line] for line in _DIGITS[digit]])
        column = np.floor((x - (-0.52 + 0.56 * index)) / 0.096).astype(np.int64)
        row = np.floor((0.42 - y) / 0.12).astype(np.int64)
        valid = (column >= 0) & (column < 5) & (row >= 0) & (row < 7)
        lit |= valid & pattern[np.clip(row, 0, 6), np.clip(column, 0, 4)]
    return lit


def sign_housing(size_px: int) -> tuple[np.ndarray, float]:
    """Radiance of a sign's unlit face with a margin around its lamps, and that margin."""
    margin = max(1, size_px // 12)
    face = np.full((size_px + 2 * margin,) * 2 + (3,), 0.22)
    face[0], face[-1], face[:, 0], face[:, -1] = 1.4, 0.5, 0.9, 0.9
    return face, margin
