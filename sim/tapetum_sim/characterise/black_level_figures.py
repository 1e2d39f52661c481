# SPDX-License-Identifier: Apache-2.0
"""How well, and how soon, black is black after the die has warmed up at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tapetum.config import DieConfig

from ..pixel_die import PixelDieParameters
from ..scenes.switched_light import SwitchedLight
from .context import Context
from .drawing import draw
from .measurement import Measurement, at_most
from .plan import Plan, Temperatures, Warming, short_frame

__all__ = ["BlackTrace", "black_level_error", "black_level_frames", "temperature_shot",
           "warming_shot"]

BEFORE_CELSIUS, AFTER_CELSIUS = 25.0, 105.0
STEP_FRAME = 20
"""The columns have been learnt by then, in 16 frames."""
FRAMES = 36
FRAMES_ALLOWED = 8
SWEEP_CELSIUS = (-40.0, 0.0, 25.0, 50.0, 75.0, 100.0, 125.0)
SWEEP_FRAMES, SETTLING_FRAMES = 6, 3
"""Frames at each temperature, and those of them that are left out."""
ROWS, EXPOSED_ROWS = 256, 64
"""Many rows, since row noise is taken off each by a few shielded pixels; exposures short."""
TOLERANCE_LSB12 = 0.25

_STEP = (
    f"Dark frames in a small region; at frame {STEP_FRAME} the die goes from {BEFORE_CELSIUS:g} "
    f"to {AFTER_CELSIUS:g} °C at once, so that dark current rises 1024-fold. Noise, row noise "
    f"and column errors are there; dark current does not spread and no pixel is defective, so "
    f"that the shielded pixels and the others are equally dark. Error: mean of the corrected "
    f"codes less the pedestal. ")


@dataclass(frozen=True, kw_only=True)
class BlackTrace:
    """Error of black; ``errors`` in LSB of a 12-bit converter, captures x frames."""

    config: DieConfig
    errors: np.ndarray

    @property
    def settled_rms(self) -> np.ndarray:
        """Of each capture, from the last frame on that is allowed for settling."""
        return np.sqrt((self.errors[:, STEP_FRAME + FRAMES_ALLOWED - 1:] ** 2).mean(axis=1))

    @property
    def frames_to_settle(self) -> list[int | None]:
        """Frames after the step until the error stays within the tolerance, for each capture."""
        found = []
        for errors in np.abs(self.errors[:, STEP_FRAME:]):
            outside = np.flatnonzero(errors > TOLERANCE_LSB12)
            first = int(outside[-1]) + 1 if outside.size else 0
            found.append(first + 1 if first < errors.size else None)
        return found


def warming_shot(context: Context) -> BlackTrace:
    """Take the frames and find black in each, once."""
    return context.once("warming", _measure)


def temperature_shot(context: Context) -> np.ndarray:
    """Error of black at each of `SWEEP_CELSIUS`, captures x temperatures, in LSB12; once."""
    return context.once("temperatures", _sweep)


def black_level_error(context: Context) -> Measurement:
    """Error that remains, of the worst capture."""
    trace, sweep = warming_shot(context), temperature_shot(context)
    names = [capture.name for capture in trace.config.captures]
    return Measurement(
        key="correct.black_level_error_lsb", figure=float(trace.settled_rms.max()), unit="LSB12",
        target=at_most(TOLERANCE_LSB12),
        method=_STEP + f"Root mean square from the {FRAMES_ALLOWED}th frame after the step on; "
        f"the worst capture. The picture beside it: the same die from {SWEEP_CELSIUS[0]:g} to "
        f"{SWEEP_CELSIUS[-1]:g} °C, the last {SWEEP_FRAMES - SETTLING_FRAMES} of {SWEEP_FRAMES} "
        f"frames at each temperature.",
        details={"rms": dict(zip(names, trace.settled_rms.tolist(), strict=True)),
                 "by_frame": dict(zip(names, trace.errors.round(3).tolist(), strict=True)),
                 "celsius": list(SWEEP_CELSIUS),
                 "by_temperature": dict(zip(names, sweep.round(3).tolist(), strict=True))},
        pictures={"black level": _picture(trace), "black over temperature": _sweep_picture(
            trace.config, sweep)})


def black_level_frames(context: Context) -> Measurement:
    """Frames until it is reached."""
    trace = warming_shot(context)
    frames = trace.frames_to_settle
    names = [capture.name for capture in trace.config.captures]
    settled = [count for count in frames if count is not None]
    return Measurement(
        key="correct.black_level_frames",
        figure=float(max(settled)) if len(settled) == len(frames) else None, unit="frames",
        target=at_most(FRAMES_ALLOWED),
        method=_STEP + f"First frame after the step from which on the error of every capture "
        f"stays within {TOLERANCE_LSB12:g} LSB, in {FRAMES - STEP_FRAME} frames; none if it does "
        f"not.", details={"by_capture": dict(zip(names, frames, strict=True))})


def _measure(context: Context) -> BlackTrace:
    return BlackTrace(config=context.config, errors=_black_errors(
        context, "warming", FRAMES, Warming(BEFORE_CELSIUS, AFTER_CELSIUS, STEP_FRAME)))


def _sweep(context: Context) -> np.ndarray:
    errors = _black_errors(
        context, "temperatures", STEP_FRAME + SWEEP_FRAMES * len(SWEEP_CELSIUS),
        Temperatures(SWEEP_CELSIUS, STEP_FRAME, SWEEP_FRAMES))[:, STEP_FRAME:]
    settled = errors.reshape(len(errors), len(SWEEP_CELSIUS), SWEEP_FRAMES)[..., SETTLING_FRAMES:]
    return settled.mean(axis=-1)


def _black_errors(context: Context, name: str, frames: int,
                  temperature_celsius: Callable[[int], float]) -> np.ndarray:
    """Dark frames; captures x frames, in LSB12."""
    config = context.config
    parameters = replace(PixelDieParameters(), dark_spread=0.0, hot_per_million=0.0,
                         dead_per_million=0.0, stuck_per_million=0.0, couplets_per_million=0.0)
    shot = context.take(Plan(
        name=name, scene=SwitchedLight(config, [(0.0, 0.0)]), parameters=parameters,
        registers=short_frame(config, ROWS, EXPOSED_ROWS), frames=frames,
        temperature_celsius=temperature_celsius))
    scale = 1 << config.hdr.fraction_bits
    codes = shot.corrected.mean(axis=(2, 3)).T / scale - config.adc.pedestal_codes
    return codes * 4096 / config.adc.signal_counts


def _picture(trace: BlackTrace) -> bytes:
    frames = np.arange(trace.errors.shape[1]) - STEP_FRAME
    return _draw(trace.config, frames, trace.errors, "frames after the step of temperature")


def _sweep_picture(config: DieConfig, errors: np.ndarray) -> bytes:
    return _draw(config, np.array(SWEEP_CELSIUS), errors, "temperature of the die in °C",
                 marker="o")


def _draw(config: DieConfig, places: np.ndarray, errors: np.ndarray, below: str, **style) -> bytes:
    with draw(height=3.2) as (figure, picture):
        axes = figure.subplots()
        for capture, own in zip(config.captures, errors, strict=True):
            axes.plot(places, own, linewidth=1, label=capture.name, **style)
        axes.axhspan(-TOLERANCE_LSB12, TOLERANCE_LSB12, color="#588157", alpha=0.15)
        axes.set_xlabel(below)
        axes.set_ylabel("error of black in LSB12")
        axes.grid(alpha=0.25)
        axes.legend(frameon=False, fontsize=8, ncols=4)
    return picture.getvalue()
