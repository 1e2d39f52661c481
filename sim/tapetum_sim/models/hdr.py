# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the combination: whole frames, vectorised."""

from collections.abc import Mapping
from math import log2
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapetum.config import DieConfig
from tapetum.control.frame_settings import FrameSettings

__all__ = ["Combined", "combine", "combine_marked", "hand_over_weight", "normalise", "saturated",
           "sensitivity_order"]

LARGEST = (1 << 24) - 1
BRIGHT = 4
"""Shot noise rules where its variance is that many times the rest."""


class Combined(NamedTuple):
    """A combined frame.

    Members
    -------
    values : uint32 array
        Linear values, pedestal kept.
    clipped : bool array
        Every capture that is present is saturated.
    flicker : bool array
        Captures disagreed by more than noise: the light flickered, or something moved.
    """

    values: NDArray[np.uint32]
    clipped: NDArray[np.bool_]
    flicker: NDArray[np.bool_]


def sensitivity_order(settings: Mapping[str, Any]) -> list[int]:
    """Captures from the least to the most sensitive: by falling gain, then later listed first."""
    def gain(index: int) -> float:
        capture = settings["captures"][index]
        return capture["normalisation_mantissa"] / (1 << capture["normalisation_shift"])

    return sorted(range(len(settings["captures"])), key=lambda i: (-gain(i), -i))


def normalise(codes: ArrayLike, capture: Mapping[str, int], config: DieConfig
              ) -> NDArray[np.int64]:
    """Corrected codes on the linear scale, black at 0; rounded half up, 25 bits signed."""
    black = config.adc.pedestal_codes << config.hdr.fraction_bits
    product = (np.asarray(codes, dtype=np.int64) - black) * capture["normalisation_mantissa"]
    divisor = 1 << capture["normalisation_shift"]
    return np.clip((2 * product + divisor) // (2 * divisor), -(1 << 24), LARGEST)


def saturated(codes: ArrayLike, config: DieConfig) -> NDArray[np.bool_]:
    """All ones, or from just below the full well on."""
    codes = np.asarray(codes, dtype=np.int64)
    scale = 1 << config.hdr.fraction_bits
    full_well = config.adc.saturation_codes + config.adc.pedestal_codes
    return (codes == (config.adc.maximum_code + 1) * scale - 1) | (codes >= full_well * scale)


def hand_over_weight(codes: ArrayLike, capture: Mapping[str, int], config: DieConfig
                     ) -> NDArray[np.int64]:
    """Share, of 256, that the less sensitive captures have at this code because it is high."""
    scale = 1 << config.hdr.fraction_bits
    above_black = np.asarray(codes, dtype=np.int64) - config.adc.pedestal_codes * scale
    span = max(1, capture["hand_over_end"] - capture["hand_over_start"])
    width = scale * 2 ** (span.bit_length() - 1)
    position = (above_black - capture["hand_over_start"] * scale) * 256 // width
    return np.clip(position, 0, 256)


def minor_shares(config: DieConfig, settings: Mapping[str, Any], less: int, more: int
                 ) -> tuple[int, int]:
    """Shares, of 256, that the less sensitive of two captures has because both are good.

    The first where read noise rules, whose variance goes with the square of the gain; the second
    where shot noise does, whose variance goes with the light per electron. Ratios are rounded to
    powers of two; the fraction of an octave is read off the mantissa as if the logarithm were
    straight. Small shares are none: they gain less than 0.4 dB, and a missed pulse costs more.
    """
    def gain(index: int) -> int:
        capture = settings["captures"][index]
        above_one = capture["normalisation_mantissa"] - (1 << 15)
        return above_one * 8 // (1 << 15) - 8 * capture["normalisation_shift"]

    def electrons(index: int) -> int:
        return round(8 * log2(config.electrons_per_code(config.captures[index])))

    gains = gain(less) - gain(more)
    lights = max(0, gains - electrons(less) + electrons(more))
    dark_octaves, bright_octaves = (2 * gains + 4) // 8, (lights + 4) // 8
    return (256 // (1 + 2 ** dark_octaves) if dark_octaves <= 4 else 0,
            256 // (1 + 2 ** bright_octaves) if bright_octaves <= 3 else 0)


def noise_bound(level: NDArray[np.int64], capture: Mapping[str, int], config: DieConfig
                ) -> tuple[NDArray[np.int64], int]:
    """Square of the difference that the noise of `capture` explains: of its shots, of its rest.

    At a linear value `level`, and in `quarters`.
    """
    octaves = 13 + config.hdr.fraction_bits - capture["normalisation_shift"]
    unit = capture["normalisation_mantissa"] // 128 // 2 ** max(0, -octaves)
    slope = capture["noise_slope"] * unit // 128
    return slope * level // 128, capture["noise_floor"] * (unit * unit // 256) // 256


def quarters(magnitude: NDArray[np.int64], capture: Mapping[str, int], config: DieConfig
             ) -> NDArray[np.int64]:
    """Linear values, not negative, in about quarters of a code of `capture`.

    They saturate at twice what the capture itself can reach.
    """
    octaves = 13 + config.hdr.fraction_bits - capture["normalisation_shift"]
    return np.minimum(magnitude // 2 ** max(0, octaves), (1 << config.adc.bits + 4) - 1)


def combine(codes: ArrayLike, config: DieConfig, settings: Mapping[str, Any] | None = None,
            present: ArrayLike | None = None) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Values and clipped flags of `combine_marked`."""
    combined = combine_marked(codes, config, settings, present)
    return combined.values, combined.clipped


def combine_marked(codes: ArrayLike, config: DieConfig, settings: Mapping[str, Any] | None = None,
                   present: ArrayLike | None = None) -> Combined:
    """Combine the captures of one frame.

    Parameters
    ----------
    codes : array (captures, ...)
        Corrected codes.
    settings : mapping, optional
        Of the frame, as `FrameSettings.defaults` has them; those are the default.
    present : array of bool, broadcastable to ``codes``, optional
        Where a capture is there. Default: the frame's ``capture_mask``.
    """
    codes = np.asarray(codes, dtype=np.int64)
    settings = FrameSettings.defaults(config) if settings is None else settings
    if present is None:
        mask = settings["capture_mask"]
        present = np.array([bool(mask >> i & 1) for i in range(len(codes))])
        present = present.reshape(-1, *[1] * (codes.ndim - 1))
    present = np.broadcast_to(np.asarray(present, dtype=bool), codes.shape)

    shape = codes.shape[1:]
    value = np.zeros(shape, dtype=np.int64)
    source = np.zeros(shape, dtype=np.int64)
    anything, usable, flicker = (np.zeros(shape, dtype=bool) for _ in range(3))
    below: list[int] = []
    for index in sensitivity_order(settings):
        capture, here = settings["captures"][index], present[index]
        good = here & ~saturated(codes[index], config)
        own = normalise(codes[index], capture, config)

        share = np.zeros(shape, dtype=np.int64)
        differs, is_bright = (np.zeros(shape, dtype=bool) for _ in range(2))
        for other in below:
            less = settings["captures"][other]
            level = quarters(np.maximum(np.maximum(own, value), 0), less, config)
            distance = quarters(np.abs(own - value), less, config)
            excess = np.maximum(distance - level // 2 ** settings["tolerance_log2"], 0)
            shots, rest = noise_bound(level, less, config)
            dark, bright = minor_shares(config, settings, other, index)
            is_source = source == other
            differs |= is_source & (excess ** 2 > shots + rest)
            # Half way to disagreement the less sensitive capture may have missed a pulse already.
            is_close = 4 * excess ** 2 <= shots + rest
            is_bright |= is_source & (shots > BRIGHT * rest)
            share += is_source * is_close * np.where(is_bright, bright, dark)
        # A saturated value is a lower bound: only a value below it contradicts it.
        contradiction = ((good & usable) | (good & ~usable & (own < value))
                         | (~good & usable & (value < own)))
        marked = (here & anything & contradiction & differs) & bool(settings["flicker_enable"])

        # A few electrons of the flicker capture are not worth more than many of another.
        preferred = (source == settings["flicker_capture"]) & is_bright
        weight = np.select(
            [~here, ~anything, marked, ~good, ~usable],
            [256, 0, np.where(preferred, 256, 0), 256, 0],
            np.maximum(hand_over_weight(codes[index], capture, config), share))
        value = own + ((value - own) * weight + 128) // 256
        source = np.where(weight >= 128, source, index)
        anything, usable, flicker = anything | here, usable | good, flicker | marked
        below.append(index)
    linear = np.clip(value + settings["pedestal_lsb"], 0, LARGEST).astype(np.uint32)
    return Combined(linear, anything & ~usable, flicker)
