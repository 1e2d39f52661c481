# SPDX-License-Identifier: Apache-2.0
"""Dynamic range and signal-to-noise ratio of the combined frame."""

import numpy as np

from .context import Context
from .drawing import draw
from .measurement import Measurement, at_least, at_most
from .noise_curve import NoiseCurve, noise_curve

__all__ = ["RANGE_ABOVE_FLOOR_DB", "dynamic_range", "snr_below_optimum", "snr_minimum"]

RANGE_ABOVE_FLOOR_DB = 50.0
"""From here on a picture should be free of visible noise; below it photons allow less."""

_STAIRCASE = (
    "Every column of a staircase has its own light level, from 0.3 electrons to beyond the last "
    "capture's saturation. The pixel die has every temporal noise at 25 °C and no spread, so that "
    "samples over rows and frames are temporal ones; row noise is part of it where the die "
    "corrects row noise. The correction of columns is off: there is nothing to learn.")


def dynamic_range(context: Context) -> Measurement:
    """Largest unclipped mean against the light at which signal and noise are equal."""
    curve = noise_curve(context)
    floor, largest = curve.floor_electrons, curve.largest_unclipped
    figure = 20 * np.log10(largest / floor) if floor and largest else None
    return Measurement(
        key="hdr.dynamic_range_db", figure=figure, unit="dB", target=at_least(140),
        method=f"{_STAIRCASE} 20 log10 of the largest mean of a column without a clipped pixel "
               f"over the light at which the temporal signal-to-noise ratio is 1 (a parabola "
               f"through the points within 8 dB); the pedestal is kept, so that noise around "
               f"black is not cut.",
        details={"floor_electrons": floor, "largest_unclipped_electrons": largest,
                 "row_noise_lsb12": curve.parameters.row_noise_lsb12},
        pictures={"signal-to-noise ratio": _picture(curve)})


def snr_minimum(context: Context) -> Measurement:
    """Lowest ratio from 50 dB above the floor to saturation."""
    curve = noise_curve(context)
    figure, details = None, {}
    bright = _above_floor(curve, RANGE_ABOVE_FLOOR_DB)
    if bright.any():
        worst = int(np.argmin(np.where(bright, curve.snr_db, np.inf)))
        figure = float(curve.snr_db[worst])
        details = {"at_electrons": float(curve.electrons[worst]),
                   "optimum_there_db": float(curve.optimum_db[worst]),
                   "optimum_minimum_db": float(curve.optimum_db[bright].min())}
    return Measurement(
        key="hdr.snr_min_db", figure=figure, unit="dB", target=at_least(25), details=details,
        method=f"{_STAIRCASE} The lowest signal-to-noise ratio of any level from "
               f"{RANGE_ABOVE_FLOOR_DB:g} dB above the floor to saturation.")


def snr_below_optimum(context: Context) -> Measurement:
    """Largest distance from the best combination that the captures allow."""
    curve = noise_curve(context)
    figure, details = None, {}
    compared = _above_floor(curve, 0.0)
    if compared.any():
        below = np.full(compared.shape, -np.inf)
        below[compared] = curve.optimum_db[compared] - curve.snr_db[compared]
        worst = int(np.argmax(below))
        figure = float(below[worst])
        details = {"at_electrons": float(curve.electrons[worst]),
                   "mean_below_optimum_db": float(below[compared].mean()),
                   "share_beyond_1_db": float((below[compared] > 1).mean())}
    return Measurement(
        key="hdr.snr_worst_below_optimum_db", figure=figure, unit="dB", target=at_most(1),
        details=details,
        method=f"{_STAIRCASE} The largest difference between the measured ratio and that of "
               f"inverse-variance weights over all captures below 15/16 of their full well, in "
               f"closed form from the pixel die's parameters; conversions of one transfer share "
               f"their shot noise. From the floor to saturation.")


def _above_floor(curve: NoiseCurve, decibels: float) -> np.ndarray:
    floor = curve.floor_electrons
    if floor is None:
        return np.zeros(curve.electrons.shape, bool)
    return curve.usable & (curve.electrons >= floor * 10 ** (decibels / 20))


def _picture(curve: NoiseCurve) -> bytes:
    with draw(height=4.2) as (figure, picture):
        axes = figure.subplots()
        light = 20 * np.log10(curve.electrons)
        shown = np.isfinite(curve.optimum_db)
        axes.plot(light[shown], curve.optimum_db[shown], color="#999999", linewidth=1,
                  label="inverse-variance optimum")
        unclipped = curve.clipped == 0
        axes.plot(light[unclipped], curve.snr_db[unclipped], color="#3b6ea5", linewidth=1.2,
                  label="measured")
        for name, electrons in curve.hand_overs.items():
            axes.axvline(20 * np.log10(electrons), color="#588157", linewidth=0.8, linestyle="--")
            axes.annotate(name, (20 * np.log10(electrons), 1), xycoords=("data", "axes fraction"),
                          xytext=(-3, -4), textcoords="offset points", ha="right", va="top",
                          color="#588157", fontsize=8)
        floor = curve.floor_electrons
        if floor:
            axes.axvline(20 * np.log10(floor), color="#c8553d", linewidth=0.8, linestyle=":")
            axes.axvline(20 * np.log10(floor) + RANGE_ABOVE_FLOOR_DB, color="#c8553d",
                         linewidth=0.8, linestyle=":")
        axes.set_ylim(bottom=-6)
        axes.set_xlabel("light in dB over one electron of the first capture")
        axes.set_ylabel("temporal signal-to-noise ratio in dB")
        axes.grid(alpha=0.25)
        axes.legend(frameon=False, fontsize=9)
    return picture.getvalue()
