# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of automatic exposure: histograms and settings in, settings out.

Logarithms are to base 2 in 1/256.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tapetum.config import ConversionGain, DieConfig
from tapetum.stats.exposure_control import Banding, ExposureControl

__all__ = ["AutoExposureModel", "exponential", "level_logarithm", "logarithm", "scaled_gain"]

BIG_STEP = 4 * 256
"""A factor of 16."""
STEADY = 256
"""Where the dark part changes by more within a frame, the light did."""
FAINT_OCTAVE = 3
"""Below eight ADC codes a percentile is not certain to a quarter of an octave."""
ALIKE = 128
"""Half an octave: what two estimates of one radiance may differ by."""


def logarithm(value: int) -> int:
    """Of a positive integer, from its seven bits below the leading one; 0 acts as 1."""
    exponent = max(value, 1).bit_length() - 1
    index = (max(value, 1) << 7 >> exponent) - 128
    return 256 * exponent + int(np.rint(256 * np.log2(1 + (index + 0.5) / 128)))


def exponential(value: int) -> int:
    """Largest integer not above the rounded power of two; limited to 32 bits."""
    value = min(max(value, 0), 32 * 256 - 1)
    mantissa = int(np.rint(256 * 2 ** ((value % 256) / 256)))
    return mantissa * 2 ** (value // 256) // 256


def level_logarithm(level: int, config: DieConfig) -> int:
    """Middle of a level of the histogram, in corrected codes."""
    octave = level // 8 + config.adc.bits + config.hdr.fraction_bits - 16
    return 256 * octave + int(np.rint(256 * np.log2(1 + (level % 8 + 0.5) / 8)))


def scaled_gain(unit: Mapping[str, int], first: int, own: int) -> tuple[int, int, bool]:
    """Gain of a capture: its unit gain times the ratio of two exposures in cycles.

    Returns mantissa, shift, and whether they had to be limited.
    """
    product = unit["mantissa"] * first
    up, down = product.bit_length() - 1, own.bit_length() - 1
    quotient = (product << (49 - up)) // (own << (31 - down))
    drop = 3 if quotient >= 1 << 18 else 2
    mantissa = (quotient + (1 << drop - 1)) >> drop
    if mantissa == 1 << 16:
        mantissa, drop = 1 << 15, drop + 1
    shift = unit["shift"] - (drop + up - down - 18)
    if shift < 0:
        return 0xFFFF, 0, True
    if shift > 31:
        return 0x8000, 31, True
    return mantissa, shift, False


@dataclass(frozen=True)
class _Reading:
    """Logarithm of a percentile's radiance, why it is what it is, and whether it is uncertain."""

    radiance: int
    kind: str
    is_faint: bool = False


class AutoExposureModel:
    """Measures a frame, then makes the exposures of the frames to come.

    Parameters
    ----------
    control : mapping
        As `ExposureControl.defaults`, which are the default.

    Members
    -------
    wishes : list of int or None
        Exposure that each group should have, in cycles; before limits.
    ratio_overflow : bool
        The last `apply` had to limit a gain.
    """

    def __init__(self, config: DieConfig, control: Mapping[str, Any] | None = None):
        self.config = config
        self.control = dict(control or (ExposureControl.defaults(config) | {"enable": 1}))
        self.wishes: list[int] | None = None
        self.contrast: int | None = None
        self._dark_before: int | None = None
        self.ratio_overflow = False
        scale = 1 << config.hdr.fraction_bits
        self._full_well = logarithm(config.adc.full_well_codes * scale)
        self._saturation = logarithm(config.adc.saturation_codes * scale)
        self._floor_code = max(1, scale // 2)
        self._references = [_reference(config, group.captures)
                            for group in config.exposure_groups]

    # Measurement --------------------------------------------------------------------------------

    def measure(self, settings: Mapping[str, Any], counts: ArrayLike) -> None:
        """Take the levels (captures, 128) of a frame that was exposed with ``settings``."""
        if not self.control["enable"]:
            self.wishes = None
        if not self.control["enable"] or self.control["hold"]:
            return
        counts = np.asarray(counts, np.int64)
        seen = []
        for capture in range(len(self.config.captures)):
            if settings["capture_mask"] >> capture & 1 and counts[capture].sum():
                exposure = logarithm(_cycles(settings, settings["captures"][capture]))
                seen.append((exposure - self._unit(capture), counts[capture]))
        if not seen:
            return
        dark = self._read(seen, self.control["dark_percentile"])
        bright = self._read(seen, self.control["bright_percentile"])
        dark, bright = self._complete(dark, bright, [sensitivity for sensitivity, _ in seen])
        self._wish(dark, bright)

    def _unit(self, capture: int) -> int:
        unit = self.control["unit_gains"][capture]
        return logarithm(unit["mantissa"]) - 256 * unit["shift"]

    def _read(self, seen: Sequence[tuple[int, np.ndarray]], percentile: int) -> _Reading:
        best: tuple[int, int] | None = None
        for sensitivity, counts in seen:
            threshold = int(counts.sum()) * percentile >> 16
            level = int(np.argmax(np.cumsum(counts) > threshold))
            if level < 127 and (best is None or sensitivity > best[0]):
                best = sensitivity, level
        if best is None:
            least = min(sensitivity for sensitivity, _ in seen)
            return _Reading(self._saturation - least + BIG_STEP, "saturated")
        sensitivity, level = best
        width = self.config.adc.bits + self.config.hdr.fraction_bits
        floor = 8 * (self._floor_code.bit_length() - 1 + 16 - width)
        if level < max(floor, 1):
            return _Reading(self._floor(sensitivity) - BIG_STEP, "black")
        return _Reading(level_logarithm(level, self.config) - sensitivity, "measured",
                        level < 8 * (self.config.hdr.fraction_bits + FAINT_OCTAVE + 16 - width))

    def _floor(self, sensitivity: int) -> int:
        return 256 * (self._floor_code.bit_length() - 1) - sensitivity

    def _complete(self, dark: _Reading, bright: _Reading, sensitivities: Sequence[int]
                  ) -> tuple[_Reading, _Reading]:
        """What cannot be measured, or not well, keeps its distance to what can."""
        is_steady = (self._dark_before is not None
                     and abs(dark.radiance - self._dark_before) < STEADY)
        self._dark_before = dark.radiance
        if dark.kind == bright.kind == "measured":
            guess = bright.radiance - (self.contrast or 0)
            if (self.contrast is not None and dark.is_faint and not bright.is_faint
                    and abs(guess - dark.radiance) < ALIKE):
                dark = _Reading(guess, "guessed")
            elif is_steady or self.contrast is None:
                self.contrast = bright.radiance - dark.radiance
        elif self.contrast is not None and dark.kind == "measured":
            guess = dark.radiance + self.contrast
            if bright.kind == "saturated" and guess >= self._saturation - min(sensitivities):
                bright = _Reading(guess, "guessed")
        elif self.contrast is not None and bright.kind == "measured":
            guess = bright.radiance - self.contrast
            if dark.kind == "black" and guess <= dark.radiance + BIG_STEP:
                dark = _Reading(guess, "guessed")
        return dark, bright

    def _wish(self, dark: _Reading, bright: _Reading) -> None:
        before, wishes = self.wishes, []
        for index, reference in enumerate(self._references):
            reading, target = ((dark, "dark_target") if index == 0
                               else (bright, "bright_target"))
            level = self._full_well + logarithm(self.control[target]) - 12 * 256
            wish = level + self._unit(reference) - reading.radiance
            if before and abs(wish - before[index]) < self.control["hysteresis"]:
                wish = before[index]
            wishes.append(wish)
        self.wishes = wishes

    # Settings -----------------------------------------------------------------------------------

    def apply(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings for a frame for which the host asked for ``settings``."""
        made = deepcopy(dict(settings))
        self.ratio_overflow = False
        if not self.control["enable"] or self.wishes is None:
            return made
        groups = self.config.exposure_groups
        exposures, first = [], 0
        for group in groups:
            wish = self.wishes[group.index]
            if group.index:
                wish = self._bounded(group, wish, logarithm(first))
            made_own = self._limit(settings, group, exponential(wish))
            if group.index == 0:
                whole = self._whole_periods(_cycles(settings, made_own))
                made_own = self._limit(settings, group, whole)
            exposures.append(_cycles(settings, made_own))
            first = exposures[0]
            for capture in group.captures:
                made["captures"][capture] |= made_own
        for group, own in zip(groups, exposures, strict=True):
            for capture in group.captures:
                mantissa, shift, limited = scaled_gain(self.control["unit_gains"][capture],
                                                       first, own)
                made["captures"][capture] |= {"normalisation_mantissa": mantissa,
                                              "normalisation_shift": shift}
                self.ratio_overflow |= limited or (
                    capture == self._references[group.index]
                    and self._exceeds_scale(mantissa, shift))
        return made

    def _bounded(self, group, wish: int, first: int) -> int:
        """Well below the first exposure, but no farther than the linear scale reaches."""
        groups = self.config.exposure_groups
        alike = [other.index for other in groups if other.is_large == groups[0].is_large]
        if group.index in alike:
            span = min(wish - first, -16 * self.control["minimum_ratio"])
            share = round(256 * alike.index(group.index) / (len(alike) - 1))
            wish = first + (span * share >> 8)
        floor = (first + self._unit(self._references[group.index]) + self._full_well
                 - 24 * 256 + 4)
        return max(wish, floor)

    def _whole_periods(self, cycles: int) -> int:
        banding = Banding(self.control["banding"])
        frequency = {Banding.HZ_100: 100, Banding.HZ_120: 120}.get(banding)
        if frequency is None:
            return cycles
        period = round(self.config.sync_clock_hz / frequency)
        return cycles // period * period or cycles

    def _limit(self, settings: Mapping[str, Any], group, cycles: int) -> dict[str, int]:
        line, lags = settings["line_length_cycles"], settings["lag_lines"]
        top = (settings["frame_length_lines"] - max(lags) - 1, 0)
        earlier = [other for other in self.config.exposure_groups[:group.index]
                   if other.is_large == group.is_large]
        if earlier:
            since = lags[min(group.captures)] - lags[min(earlier[-1].captures)] - 1
            top = min(top, (since, line - 1))
        top = min(top, (self.control["maximum_lines"][group.index], 0))
        low = (self.control["minimum_lines"][group.index], 0)
        coarse, fine = min(max(divmod(cycles, line), low), top)
        if coarse == 0:
            fine = max(fine, min(max(self.control["minimum_cycles"], 1), line - 1))
        return {"coarse_integration_lines": coarse, "fine_integration_cycles": fine}

    def _exceeds_scale(self, mantissa: int, shift: int) -> bool:
        """A full well lies beyond the linear scale, by more than the rounding of exposures."""
        config = self.config
        codes = config.adc.full_well_codes << config.hdr.fraction_bits
        return mantissa * codes * 64 > (65 << 24) << shift


def _cycles(settings: Mapping[str, Any], capture: Mapping[str, int]) -> int:
    return (capture["coarse_integration_lines"] * settings["line_length_cycles"]
            + capture["fine_integration_cycles"])


def _reference(config: DieConfig, captures: Sequence[int]) -> int:
    """The least sensitive capture of a group: its full well is the group's."""
    low = [c for c in captures if config.captures[c].conversion_gain is ConversionGain.LOW]
    return min(low or captures)
