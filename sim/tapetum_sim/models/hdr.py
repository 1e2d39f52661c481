# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the combination: whole frames, vectorised."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapetum.config import DieConfig
from tapetum.control.frame_settings import FrameSettings

__all__ = ["combine", "hand_over_weight", "normalise", "sensitivity_order"]

LARGEST = (1 << 24) - 1


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


def hand_over_weight(codes: ArrayLike, capture: Mapping[str, int], config: DieConfig
                     ) -> NDArray[np.int64]:
    """Share, of 256, that the less sensitive captures have at this code."""
    scale = 1 << config.hdr.fraction_bits
    above_black = np.asarray(codes, dtype=np.int64) - config.adc.pedestal_codes * scale
    span = max(1, capture["hand_over_end"] - capture["hand_over_start"])
    width = scale * 2 ** (span.bit_length() - 1)
    position = (above_black - capture["hand_over_start"] * scale) * 256 // width
    return np.clip(position, 0, 256)


def combine(codes: ArrayLike, config: DieConfig, settings: Mapping[str, Any] | None = None,
            present: ArrayLike | None = None) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Combine the captures of one frame.

    Parameters
    ----------
    codes : array (captures, ...)
        Corrected codes.
    settings : mapping, optional
        Of the frame, as `FrameSettings.defaults` has them; those are the default.
    present : array of bool, broadcastable to ``codes``, optional
        Where a capture is there. Default: the frame's ``capture_mask``.

    Returns
    -------
    values : array (...)
        Linear values, pedestal kept.
    clipped : array (...)
        Every capture that is present is saturated.
    """
    codes = np.asarray(codes, dtype=np.int64)
    settings = FrameSettings.defaults(config) if settings is None else settings
    if present is None:
        mask = settings["capture_mask"]
        present = np.array([bool(mask >> i & 1) for i in range(len(codes))])
        present = present.reshape(-1, *[1] * (codes.ndim - 1))
    present = np.broadcast_to(np.asarray(present, dtype=bool), codes.shape)

    scale = 1 << config.hdr.fraction_bits
    black = config.adc.pedestal_codes * scale
    full_scale = (config.adc.maximum_code + 1) * scale - 1
    full_well = config.adc.full_well_codes * 63 // 64 * scale
    saturated = (codes == full_scale) | (codes - black >= full_well)

    value = np.zeros(codes.shape[1:], dtype=np.int64)
    anything = np.zeros(value.shape, dtype=bool)
    unsaturated = np.zeros(value.shape, dtype=bool)
    for index in sensitivity_order(settings):
        capture, here = settings["captures"][index], present[index]
        usable = here & ~saturated[index]
        own = normalise(codes[index], capture, config)
        weight = hand_over_weight(codes[index], capture, config)
        blended = own + ((value - own) * weight + 128) // 256
        value = np.select(
            [~here, ~anything, ~usable, ~unsaturated], [value, own, value, own], blended)
        anything = anything | here
        unsaturated = unsaturated | usable
    linear = np.clip(value + settings["pedestal_lsb"], 0, LARGEST).astype(np.uint32)
    return linear, anything & ~unsaturated
