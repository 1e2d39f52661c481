# SPDX-License-Identifier: Apache-2.0
"""Integer-exact models of the safety mechanisms that compute."""

import numpy as np

from tapetum.config import DieConfig

from ..pixel_die.programmed_levels import programmed_codes

__all__ = ["row_is_off_level"]


def row_is_off_level(config: DieConfig, codes: np.ndarray, array_row: int,
                      tolerance_log2: int) -> bool:
    """Whether the mean of a test row, as converted, is off its level by more than allowed."""
    adc = config.adc
    level = adc.pedestal_codes + int(programmed_codes(config, array_row))
    limit = adc.signal_counts // 16
    deviation = np.clip(np.asarray(codes, np.int64) - level, -limit, limit)
    return abs(int(deviation.sum())) > len(codes) << tolerance_log2
