# SPDX-License-Identifier: Apache-2.0
"""Pictures of tunnel exits, each another one, with or without a pedestrian."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..scenes.pulse import PulseTrain
from ..scenes.tunnel import ARROW_PULSE, HEADLIGHT_PULSE, LIMIT_PULSE, hang_sign
from ..scenes.tunnel_geometry import CAMERA_HEIGHT_M, LANE_M, MOUTH_M, TUNNEL_X_M, Camera
from ..scenes.tunnel_light import TunnelView, render_tunnel
from ..scenes.tunnel_sprites import oncoming_car, pedestrian

__all__ = ["CLASSES", "Canvas", "TunnelPicture", "draw_background", "draw_picture"]

CLASSES = ("clear", "pedestrian in shadow", "pedestrian in light")
CLEAR, SHADOW, LIGHT = range(3)

LIKE_THE_SCENE = 0.15
"""Share of pictures that look as the scene of the simulator does: no opening in the wall."""
DISTANCE_M = (6.5, 12.0)
FROM_AXIS_M = (2.8, 4.6)
"""People keep to the walkways, and to where the mouth is not behind them."""
SMALLEST_PX = 7.5
"""Of a pedestrian, if the picture has 64 columns."""
SUNLIT = (7_000.0, 16_000.0)
"""A wall in the sun, in cd/m2."""
TEXEL_M = 0.02
DRAWN_IN_LIGHT = 1.4
"""Illumination for which the walker's radiance is drawn."""
SIGNS_SHOWN, CAR_SHOWN, MIRRORED = 0.7, 0.5, 0.5
MOST_TRIES = 60


class TunnelPicture(NamedTuple):
    """Radiance in cd/m2, and lamps that pulse.

    Members
    -------
    steady : array (rows, columns, 3)
    lamps : list of (array (rows, columns, 3), PulseTrain)
        Radiance while lit, added to ``steady``.
    label : int
        Of `CLASSES`.
    """

    steady: NDArray[np.float64]
    lamps: list[tuple[NDArray[np.float64], PulseTrain]]
    label: int


@dataclass
class Canvas:
    """A picture that sprites are put into."""

    picture: NDArray[np.float64]
    camera: Camera

    def paste(self, radiance, alpha, x_m, bottom_m, z_m, texel_m) -> None:
        """Put a sprite at a place; the area of texels under each pixel counts, as in motion."""
        self.blend(radiance, alpha, *self.cover(alpha.shape, x_m, bottom_m, z_m, texel_m, texel_m))

    def blend(self, radiance, alpha, along_y, along_x) -> None:
        """Hide what is behind a sprite, as much as it covers."""
        hidden = np.minimum(along_y @ alpha @ along_x.T, 1)[..., None]
        self.picture[:] = (self.picture * (1 - hidden)
                           + _shrunk(radiance * alpha[..., None], along_y, along_x))

    def light(self, emission, x_m, bottom_m, z_m, texel_m) -> NDArray[np.float64]:
        """A sprite's light alone."""
        return _shrunk(emission, *self.cover(emission.shape, x_m, bottom_m, z_m, texel_m, texel_m))

    def cover(self, shape, x_m, bottom_m, z_m, texel_height_m, texel_width_m):
        """Share of each pixel that each texel covers, along both axes."""
        per_metre = self.camera.focal_px / z_m
        left, top = self.camera.project(x_m - shape[1] * texel_width_m / 2,
                                        bottom_m + shape[0] * texel_height_m - CAMERA_HEIGHT_M,
                                        z_m)
        shares = []
        for start, texels, scale, pixels in (
                (top, shape[0], texel_height_m * per_metre, self.picture.shape[0]),
                (left, shape[1], texel_width_m * per_metre, self.picture.shape[1])):
            edges = start + np.arange(texels + 1) * scale
            pixel = np.arange(pixels)[:, None]
            shares.append(np.maximum(np.minimum(edges[1:], pixel + 1)
                                     - np.maximum(edges[:-1], pixel), 0))
        return shares


def _shrunk(sprite, along_y, along_x):
    return np.stack([along_y @ np.ascontiguousarray(sprite[..., plane]) @ along_x.T
                     for plane in range(sprite.shape[2])], axis=-1)


_pedestrian, _oncoming_car = cache(pedestrian), cache(oncoming_car)


class TunnelBackground(NamedTuple):
    """What several pictures may share."""

    view: TunnelView
    radiance: NDArray[np.float64]
    has_opening: bool


def draw_background(generator: Generator, rows: int, columns: int) -> TunnelBackground:
    """Render a tunnel from somewhere: what takes the time."""
    uniform = generator.uniform
    like_the_scene = generator.random() < LIKE_THE_SCENE
    base = Camera.for_array(rows, columns)
    mouth_m, zoom = ((MOUTH_M * uniform(0.92, 1.08), uniform(0.95, 1.1)) if like_the_scene
                     else (uniform(18, 36), uniform(1.0, 1.3)))
    camera = Camera(focal_px=base.focal_px * zoom,
                    centre_x_px=base.centre_x_px + columns * uniform(-0.08, 0.08),
                    centre_y_px=base.centre_y_px + rows * uniform(-0.06, 0.06))
    view = TunnelView(
        camera=camera, mouth_m=mouth_m, daylight=float(np.exp2(uniform(-1.2, 0.3))),
        lamps=float(np.exp2(uniform(-2, 0.5))),
        sun_slope=(uniform(-0.12, 0.1), uniform(0.06, 0.14)))
    return TunnelBackground(view, render_tunnel(rows, columns, view), not like_the_scene)


def draw_picture(generator: Generator, background: TunnelBackground) -> TunnelPicture:
    """Draw a class, then who and what is in the picture.

    The sun falls through an opening onto a wall, whatever the class: nobody, somebody elsewhere or
    somebody in front of that wall.
    """
    view, picture = background.view, background.radiance.copy()
    canvas, lamps = Canvas(picture, view.camera), []
    label = int(generator.integers(len(CLASSES) if background.has_opening else LIGHT))
    if generator.random() < SIGNS_SHOWN:
        for kind, x_m, pulse in (("limit", 0.0, LIMIT_PULSE), ("arrow", -LANE_M, ARROW_PULSE)):
            sign = hang_sign(picture, view.camera, kind, x_m, pulse)
            lit = np.zeros_like(picture)
            lit[sign.row:sign.row + sign.height, sign.column:sign.column + sign.width] = (
                np.moveaxis(sign.planes[:3], 0, -1))
            lamps.append((lit, pulse))
    if generator.random() < CAR_SHOWN:
        lamps.append((_park_car(canvas, generator.uniform(14, 40)), HEADLIGHT_PULSE))
    place = _place(generator, canvas, 0)
    wall = view.daylight * generator.uniform(*SUNLIT)
    if background.has_opening:
        lit_place = place
        if label == SHADOW and place is not None:
            lit_place = _place(generator, canvas, 1 if place[0] < TUNNEL_X_M else -1)
        if lit_place is not None:
            _light_wall(generator, canvas, lit_place, wall)
    if place is None:
        label = CLEAR
    elif label != CLEAR:
        _stand(generator, canvas, view, place, wall if label == LIGHT else None)
    if generator.random() < MIRRORED:
        picture, lamps = picture[:, ::-1], [(lit[:, ::-1], pulse) for lit, pulse in lamps]
    return TunnelPicture(picture, lamps, label)


def _park_car(canvas: Canvas, z_m: float) -> NDArray[np.float64]:
    radiance, alpha, emission = _oncoming_car()
    place = (-LANE_M, -0.9, z_m, 0.03)
    canvas.paste(radiance, alpha, *place)
    return canvas.light(emission, *place)


def _place(generator: Generator, canvas: Canvas, side: int) -> tuple[float, float] | None:
    """Where somebody can be seen as a whole; x and z in metres. ``side`` -1 is left, 0 is any."""
    (rows, columns, _), camera = canvas.picture.shape, canvas.camera
    for _ in range(MOST_TRIES):
        z_m = generator.uniform(*DISTANCE_M)
        x_m = TUNNEL_X_M + (side or generator.choice((-1, 1))) * generator.uniform(*FROM_AXIS_M)
        left, top = camera.project(x_m - 0.4, 1.75 - CAMERA_HEIGHT_M, z_m)
        right, bottom = camera.project(x_m + 0.4, -CAMERA_HEIGHT_M, z_m)
        if (left >= 0 and right <= columns and top >= 0 and bottom <= rows
                and bottom - top >= SMALLEST_PX * columns / 64):
            return x_m, z_m
    return None


def _light_wall(generator: Generator, canvas: Canvas, place: tuple[float, float],
                radiance: float) -> None:
    """A bright patch with soft edges behind a place."""
    x_m, z_m = place
    width, height = generator.uniform(1.8, 3.0), generator.uniform(2.0, 3.0)
    x, y = (np.abs(np.linspace(-1, 1, 60))[None], np.abs(np.linspace(-1, 1, 60))[:, None])
    alpha = np.clip((1 - x) / 0.15, 0, 1) * np.clip((1 - y) / 0.15, 0, 1)
    stains = 1 + 0.15 * generator.standard_normal((6, 6)).repeat(10, 0).repeat(10, 1)
    colour = radiance * np.array([1.05, 1.0, 0.9])
    along_y, along_x = canvas.cover((60, 60), x_m + generator.uniform(-0.4, 0.4),
                                    generator.uniform(-0.2, 0.1), z_m,
                                    height / 60, width / 60)
    canvas.blend(np.maximum(stains, 0.5)[..., None] * colour, alpha, along_y, along_x)


def _stand(generator: Generator, canvas: Canvas, view: TunnelView, place: tuple[float, float],
           wall: float | None) -> None:
    """Draw the pedestrian: in front of a sunlit wall, or in what light there is at the place."""
    x_m, z_m = place
    radiance, alpha = _pedestrian()
    if generator.random() < 0.5:
        radiance, alpha = radiance[:, ::-1], alpha[:, ::-1]
    grey = radiance.mean(axis=2, keepdims=True)
    radiance = grey + (radiance - grey) * generator.uniform(0, 1)
    if wall is None:
        depth = view.mouth_m - z_m
        light = view.daylight * (5200 * np.exp(-depth / 2.1) + 34 * np.exp(-depth / 6.5) + 0.42)
        radiance = radiance * (light + view.lamps * generator.uniform(0, 0.3)) / DRAWN_IN_LIGHT
    else:
        # The sun is on the clothes as well; their folds differ less than in the dark.
        radiance = (radiance + 0.4) * wall * np.exp2(-generator.uniform(1.3, 2.3))
    canvas.paste(radiance * generator.uniform(0.75, 1.35, 3), alpha, x_m, 0.0, z_m,
                 TEXEL_M * generator.uniform(0.92, 1.08))
