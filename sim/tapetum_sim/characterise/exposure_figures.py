# SPDX-License-Identifier: Apache-2.0
"""How soon automatic exposure has found its way after a step of light."""

import numpy as np

from ..pixel_die import PixelDieParameters
from ..scenes.switched_light import SwitchedLight
from .context import Context
from .drawing import draw
from .features import auto_exposure
from .lamps import anti_flicker_capture
from .measurement import Measurement, at_most
from .plan import Plan, middle_rows
from .shot import Shot

__all__ = ["exposure_shot", "frames_after", "frames_to_settle"]

STEP = 1000.0
PHASE_FRAMES = 8
"""Frames of each level of light: dim, bright, dim."""
TOLERANCE_OCTAVES = 0.25
SHADING_DECADES = 3.0
ROWS = 96


def exposure_shot(context: Context) -> Shot:
    """Take the frames, once."""
    return context.once("auto exposure", _take)


def _take(context: Context) -> Shot:
    config = context.config
    reference = config.captures[anti_flicker_capture(config)]
    exposure_s = config.exposure_cycles(config.captures[0]) / config.sync_clock_hz
    bright = (config.adc.full_well_codes * config.electrons_per_code(reference)
              * config.exposure_ratio(reference)) / exposure_s
    phase_s = PHASE_FRAMES * config.frame_time_s
    scene = SwitchedLight(
        config, [(0.0, bright / STEP), (phase_s, bright), (2 * phase_s, bright / STEP)],
        shading=np.geomspace(10 ** -SHADING_DECADES, 1, config.array.columns))
    return context.take(Plan(
        name="auto-exposure", scene=scene, frames=3 * PHASE_FRAMES,
        parameters=PixelDieParameters(),
        registers=auto_exposure(config) | middle_rows(config, ROWS)))


def frames_to_settle(context: Context) -> Measurement:
    """Frames until every exposure stays near its final value; the slower of two steps."""
    config, shot = context.config, exposure_shot(context)
    phase_s = PHASE_FRAMES * config.frame_time_s
    found = [frames_after(shot, begin, end)
             for begin, end in ((phase_s, 2 * phase_s), (2 * phase_s, float("inf")))]
    known = [count for count in found if count is not None]
    return Measurement(
        key="exposure.frames_to_settle",
        figure=float(max(known)) if len(known) == len(found) else None, unit="frames",
        target=at_most(3),
        method=f"A picture of {SHADING_DECADES:g} decades and {ROWS} rows whose light rises "
               f"{STEP:g}-fold and falls again. Frames from the first one that is exposed wholly "
               f"after the step until the exposures of all captures stay within "
               f"{TOLERANCE_OCTAVES:g} octaves of their last value before the next step; the "
               f"slower of the two.",
        details={"up": found[0], "down": found[1], "exposures_s": {
            capture.name: np.round(_exposures(shot)[:, index], 7).tolist()
            for index, capture in enumerate(config.captures)}},
        pictures={"exposure": _picture(shot)})


def frames_after(shot: Shot, begin_s: float, end_s: float) -> int | None:
    """Frames to settle among those exposed wholly in a time; None where there are none."""
    starts, ends = shot.windows[..., 0].min(axis=(1, 2)), shot.windows[..., 1].max(axis=(1, 2))
    inside = np.flatnonzero((starts >= begin_s) & (ends <= end_s))
    if not inside.size:
        return None
    octaves = np.log2(_exposures(shot)[inside])
    away = np.flatnonzero((np.abs(octaves - octaves[-1]) > TOLERANCE_OCTAVES).any(axis=1))
    return int(away[-1]) + 1 if away.size else 0


def _picture(shot: Shot) -> bytes:
    with draw(height=3.2) as (figure, picture):
        axes = figure.subplots()
        for capture, exposures in zip(shot.config.captures, _exposures(shot).T, strict=True):
            axes.step(np.arange(exposures.size), 1e3 * exposures, where="mid", linewidth=1.2,
                      label=capture.name)
        axes.axvspan(PHASE_FRAMES - 0.5, 2 * PHASE_FRAMES - 0.5, color="#e9c46a", alpha=0.2,
                     label=f"{STEP:g} times the light")
        axes.set_yscale("log")
        axes.set_xlabel("frame")
        axes.set_ylabel("exposure in ms")
        axes.grid(alpha=0.25)
        axes.legend(frameon=False, fontsize=8, ncols=5)
    return picture.getvalue()


def _exposures(shot: Shot) -> np.ndarray:
    """Seconds, frames x captures: what the rows really had."""
    return np.diff(shot.windows, axis=-1)[..., 0].mean(axis=-1)
