# SPDX-License-Identifier: Apache-2.0
"""Whether a moving edge leaves values that no capture has seen."""

import numpy as np

from ..scenes.moving_edge import MovingEdge
from .context import Context
from .lamps import anti_flicker_capture
from .measurement import Measurement, at_most
from .plan import Plan, temporal_noise
from .shot import Shot

__all__ = ["edge_shot", "ghosts"]

PIXELS_PER_FRAME = 20
SETTLING_FRAMES = 1
STRIPE_PIXELS = 24
DARK_WELLS, BRIGHT_WELLS = 1 / 2000, 1 / 3
"""Of the capture against flicker: more sensitive ones see the ground and lose the stripes."""


def edge_shot(context: Context) -> Shot:
    """Take the moving edge, once."""
    return context.once("moving edge", _take)


def _take(context: Context) -> Shot:
    config = context.config
    reference = config.captures[anti_flicker_capture(config)]
    well = (config.adc.full_well_codes * config.electrons_per_code(reference)
            * config.exposure_ratio(reference))
    exposure_s = config.exposure_cycles(config.captures[0]) / config.sync_clock_hz
    scene = MovingEdge(config, dark=DARK_WELLS * well / exposure_s,
                       bright=BRIGHT_WELLS * well / exposure_s,
                       pixels_per_second=PIXELS_PER_FRAME / config.frame_time_s,
                       stripe_pixels=STRIPE_PIXELS)
    return context.take(Plan(name="moving-edge", scene=scene, frames=SETTLING_FRAMES + 2,
                             parameters=temporal_noise(config)))


def ghosts(context: Context) -> Measurement:
    """Largest distance of a combined value from the range of that pixel's own captures."""
    outside = _outside(edge_shot(context))[SETTLING_FRAMES:]
    return Measurement(
        key="hdr.ghost_lsb", figure=float(outside.max()), unit="LSB24", target=at_most(1),
        method=f"Bright stripes on dark ground (ratio {BRIGHT_WELLS / DARK_WELLS:.0f}) move "
               f"{PIXELS_PER_FRAME} pixels per frame, so that captures of different exposures "
               f"disagree. The largest distance by which a combined value lies outside the range "
               f"spanned by the corrected codes of that same pixel, each brought onto the linear "
               f"scale; one LSB is allowed for rounding.",
        details={"pixels_outside": int((outside > 1).sum()), "pixels": outside.size})


def _outside(shot: Shot) -> np.ndarray:
    """Linear LSB by which each pixel lies above or below all of its captures."""
    config = shot.config
    black = config.adc.pedestal_codes << config.hdr.fraction_bits
    lowest = np.full(shot.linear.shape, np.inf)
    highest = np.full(shot.linear.shape, -np.inf)
    for index in range(len(config.captures)):
        for frame, number in enumerate(shot.numbers):
            capture = shot.settings[number]["captures"][index]
            gain = capture["normalisation_mantissa"] / (1 << capture["normalisation_shift"])
            value = (shot.corrected[frame, index].astype(np.float64) - black) * gain
            lowest[frame] = np.minimum(lowest[frame], value)
            highest[frame] = np.maximum(highest[frame], value)
    # Values are clipped at both ends of 24 bits.
    largest = (1 << config.hdr.linear_bits) - 1
    linear = shot.linear.astype(np.float64)
    pedestal = config.hdr.pedestal_lsb
    lowest = np.clip(lowest + pedestal, 0, largest)
    highest = np.clip(highest + pedestal, 0, largest)
    return np.maximum(0, np.maximum(linear - highest, lowest - linear))
