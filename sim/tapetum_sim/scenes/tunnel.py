# SPDX-License-Identifier: Apache-2.0
"""A tunnel exit against a low sun: 140 dB, moving things and pulsed lamps in one picture."""

import numpy as np

from tapetum.config import DieConfig

from .layered import LayeredScene
from .layers import MovingLayer, PulsedLayer
from .motion import ApproachPath, LinearPath
from .pulse import PulseTrain
from .tunnel_geometry import CAMERA_HEIGHT_M, LANE_M, Camera
from .tunnel_light import SUN, render_tunnel
from .tunnel_sprites import oncoming_car, pedestrian, sign_housing, sign_lamps

__all__ = ["ARROW_PULSE", "HEADLIGHT_PULSE", "LIMIT_PULSE", "Tunnel", "hang_sign"]

SIGN_DISTANCE_M = 15.0
SIGN_WIDTH_M = 1.5
SIGN_TOP_M = 4.55
SIGN_RADIANCE = 14_000.0
LIMIT_PULSE = PulseTrain(frequency_hz=150.0, duty=0.10)
ARROW_PULSE = PulseTrain(frequency_hz=90.0, duty=0.25, phase=0.4)
HEADLIGHT_PULSE = PulseTrain(frequency_hz=220.0, duty=0.5)

CAR_DISTANCE_M = 27.0
CAR_SPEED_M_PER_S = 14.0
CAR_LAP_S = 1.1
PEDESTRIAN_DISTANCE_M = 10.5
PEDESTRIAN_SPEED_M_PER_S = 1.3


class Tunnel(LayeredScene):
    """Deep shadow inside, sun at the mouth, radiance in cd/m2 (0.05 to 500,000: 140 dB).

    A pedestrian walks in the shadow, a car comes towards the camera with pulsed headlights, and
    two signs under the arch are lit by pulsed LEDs.

    Parameters
    ----------
    sign_pulse : PulseTrain, optional
        Of the speed limit's lamps; 150 Hz at a duty of 10 % by default.
    moving : bool
        Whether the pedestrian and the car are there.
    """

    def __init__(self, config: DieConfig, *, electrons_per_second: float | None = None,
                 sign_pulse: PulseTrain = LIMIT_PULSE, moving: bool = True):
        rows, columns = config.array.rows, config.array.columns
        camera = Camera.for_array(rows, columns)
        background = render_tunnel(rows, columns)
        layers: list[MovingLayer | PulsedLayer] = []
        for kind, x_m, pulse in (("limit", 0.0, sign_pulse), ("arrow", -LANE_M, ARROW_PULSE)):
            layers.append(hang_sign(background, camera, kind, x_m, pulse))
        if moving:
            layers += [_walker(camera), _car(camera)]
        super().__init__(config, "tunnel", background, layers=layers, bright_end=SUN,
                         electrons_per_second=electrons_per_second)


def hang_sign(background: np.ndarray, camera: Camera, kind: str, x_m: float,
               pulse: PulseTrain) -> PulsedLayer:
    """Paint the sign's face into the background; its lamps are the layer."""
    rows, columns = background.shape[:2]
    size = max(3, round(SIGN_WIDTH_M / SIGN_DISTANCE_M * camera.focal_px))
    face, margin = sign_housing(size)
    left, top = camera.project(x_m - SIGN_WIDTH_M / 2, SIGN_TOP_M, SIGN_DISTANCE_M)
    column = int(np.clip(round(left), margin, columns - size - margin))
    row = int(np.clip(round(top), margin, rows - size - margin))
    background[row - margin:row + size + margin, column - margin:column + size + margin] = face
    return PulsedLayer(f"sign {kind}", sign_lamps(kind, size, SIGN_RADIANCE), row=row,
                       column=column, pulse=pulse)


def _walker(camera: Camera) -> MovingLayer:
    radiance, alpha = pedestrian()
    per_metre = camera.focal_px / PEDESTRIAN_DISTANCE_M
    left, top = camera.project(-5.45 - 0.45, 1.8 + 0.15 - CAMERA_HEIGHT_M, PEDESTRIAN_DISTANCE_M)
    return MovingLayer("pedestrian", radiance, alpha,
                       LinearPath(x_px=left, y_px=top, scale=0.02 * per_metre, lap_s=2.0,
                                  x_px_per_s=PEDESTRIAN_SPEED_M_PER_S * per_metre))


def _car(camera: Camera) -> MovingLayer:
    radiance, alpha, emission = oncoming_car()
    path = ApproachPath(focal_px=camera.focal_px, centre_x_px=camera.centre_x_px,
                        centre_y_px=camera.centre_y_px, left_m=-LANE_M - 1.7,
                        top_m=CAMERA_HEIGHT_M - 2.1, texel_m=0.03, distance_m=CAR_DISTANCE_M,
                        speed_m_per_s=CAR_SPEED_M_PER_S, lap_s=CAR_LAP_S)
    return MovingLayer("car", radiance, alpha, path, emission=emission, pulse=HEADLIGHT_PULSE)
