# SPDX-License-Identifier: Apache-2.0
"""Signal against temporal noise over the whole range, from a light staircase."""

from dataclasses import dataclass, field

import numpy as np

from ..pixel_die import PixelDieParameters
from ..scenes.staircase import Staircase
from .context import Context
from .features import has_correction, without_corrections
from .optimum import optimum_noise
from .plan import Plan, temporal_noise
from .shot import Shot

__all__ = ["NoiseCurve", "noise_curve", "staircase_shot"]

FAINTEST_ELECTRONS = 0.3
BRIGHTEST_WELLS = 1.25
"""End of the staircase, in full wells of the least sensitive capture."""
SETTLING_FRAMES = 1
POOLED_DB = 0.75
"""Light over which the relative variances of neighbouring columns are averaged."""


@dataclass(frozen=True, kw_only=True)
class NoiseCurve:
    """One element per lit column, from faint to bright; electrons are those of the first capture.

    Members
    -------
    electrons : float64 array
        What the light alone would give.
    mean : float64 array
        What the die reports, black subtracted.
    snr_db, optimum_db : float64 arrays
    clipped : float64 array
        Share of pixels that are reported as clipped.
    usable : bool array
        Columns below saturation: there is an optimum, and no clipped pixel.
    black : float
        What it reports where there is no light.
    parameters : PixelDieParameters
    hand_overs : dict
        Light at which a capture saturates, by its name; without the one that saturates last.
    """

    electrons: np.ndarray
    mean: np.ndarray
    snr_db: np.ndarray
    optimum_db: np.ndarray
    clipped: np.ndarray
    usable: np.ndarray
    black: float
    parameters: PixelDieParameters
    hand_overs: dict[str, float] = field(default_factory=dict)

    @property
    def floor_electrons(self) -> float | None:
        """Light at which the ratio is one: a parabola through the points around it."""
        near = (np.abs(self.snr_db) < 8) & (self.clipped == 0)
        if near.sum() < 4 or self.snr_db[near].min() > 0:
            return None
        fit = np.polyfit(self.snr_db[near], np.log(self.electrons[near]), 2)
        return float(np.exp(np.polyval(fit, 0.0)))

    @property
    def largest_unclipped(self) -> float | None:
        """Largest mean of a column of which no pixel is clipped."""
        unclipped = self.mean[self.clipped == 0]
        # A staircase that ends before saturation says nothing about it.
        return float(unclipped.max()) if unclipped.size and self.clipped.any() else None


def staircase_shot(context: Context) -> Shot:
    """Frames of the staircase, those in which corrections settle included."""
    return context.once("staircase", lambda c: c.take(_plan(c)))


def _plan(context: Context) -> Plan:
    config = context.config
    exposure_s = config.exposure_cycles(config.captures[0]) / config.sync_clock_hz
    wells = max(config.adc.full_well_codes * config.electrons_per_code(capture)
                * config.exposure_ratio(capture) for capture in config.captures)
    return Plan(
        name="staircase", frames=SETTLING_FRAMES + context.frames,
        scene=Staircase(config, FAINTEST_ELECTRONS / exposure_s,
                        BRIGHTEST_WELLS * wells / exposure_s, wells / exposure_s),
        parameters=temporal_noise(config),
        # This die has no columns to learn: what is learnt from noise would be in every mean.
        registers=without_corrections(config, "column") if has_correction(config, "column") else {})


def noise_curve(context: Context) -> NoiseCurve:
    """Measure the curve, once."""
    return context.once("noise curve", _measure)


def _measure(context: Context) -> NoiseCurve:
    config, shot = context.config, staircase_shot(context)
    plan = _plan(context)
    scene = plan.scene
    assert isinstance(scene, Staircase)
    lit = slice(scene.dark_columns, None)
    values = shot.electrons[SETTLING_FRAMES:].reshape(-1, scene.columns)
    black = float(values[:, :scene.dark_columns].mean())
    mean = values[:, lit].mean(axis=0) - black
    variance = values[:, lit].var(axis=0, ddof=1)
    clipped = shot.clipped[SETTLING_FRAMES:].reshape(-1, scene.columns)[:, lit].mean(axis=0)
    exposure_s = config.exposure_cycles(config.captures[0]) / config.sync_clock_hz
    electrons = scene.rates[lit] * exposure_s
    optimum = optimum_noise(config, plan.parameters, electrons)
    usable = np.isfinite(optimum) & (clipped == 0)
    pooled = max(1, round(POOLED_DB / (20 * np.log10(scene.rates[lit][1] / scene.rates[lit][0]))))
    saturation = {capture.name: config.adc.saturation_codes * config.electrons_per_code(capture)
                  * config.exposure_ratio(capture) for capture in config.captures}
    last = max(saturation, key=lambda name: saturation[name])
    return NoiseCurve(
        hand_overs={name: light for name, light in saturation.items() if name != last},
        electrons=electrons, mean=mean, clipped=clipped, usable=usable, black=black,
        snr_db=_pooled_snr_db(np.sqrt(variance) / np.maximum(mean, 1e-9), clipped == 0, pooled),
        # What is compared must be averaged alike, or it would differ beside every hand-over.
        optimum_db=_pooled_snr_db(optimum / electrons, usable, pooled),
        parameters=plan.parameters)


def _pooled_snr_db(relative_noise: np.ndarray, valid: np.ndarray, columns: int) -> np.ndarray:
    """Ratio in dB from relative variances averaged over the valid of so many columns.

    Minus infinity where a column itself is not valid.
    """
    kernel = np.ones(columns)
    total = np.convolve(np.where(valid, relative_noise, 0) ** 2, kernel, "same")
    count = np.convolve(valid.astype(float), kernel, "same")
    with np.errstate(divide="ignore"):
        return np.where(valid, -10 * np.log10(total / np.maximum(count, 1)), -np.inf)
