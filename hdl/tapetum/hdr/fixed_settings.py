# SPDX-License-Identifier: Apache-2.0
"""Settings with which the combination works on a test frame, whatever the host has set."""

from typing import Any

from ..config import DieConfig
from ..control.frame_settings import FrameSettings
from ..pixel import corrected_bits

__all__ = ["fixed_settings"]

_LINEAR_BITS = 23
_MANTISSA, _MANTISSA_STEP = 0x8000, 0x0155


def fixed_settings(config: DieConfig) -> dict[str, Any]:
    """As of `FrameSettings`: all that `Ranking` looks at differs from its defaults.

    The gains of two captures are some hundredths apart, so that equal codes agree, other ones do
    not, and the order is that of no preset. Ramps are half as wide as the scale, so that most codes
    lie on one.
    """
    settings = FrameSettings.defaults(config)
    scale = config.adc.signal_counts
    for index, capture in enumerate(settings["captures"]):
        capture.update(
            normalisation_mantissa=_MANTISSA + _MANTISSA_STEP * index,
            normalisation_shift=corrected_bits(config) + 15 - _LINEAR_BITS,
            hand_over_start=scale // 8, hand_over_end=scale // 8 + scale // 2,
            noise_slope=0x40, noise_floor=0x100)
    return settings | {"pedestal_lsb": 0xA5, "tolerance_log2": 5, "flicker_enable": 1,
                       "flicker_capture": 0}
