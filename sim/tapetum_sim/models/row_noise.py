# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the row noise correction."""

from dataclasses import dataclass

import numpy as np

from tapetum.config import DieConfig

from .row import ModelRow
from .shielded import shielded_mean

__all__ = ["RowNoiseModel"]


@dataclass(frozen=True)
class RowNoiseModel:
    """What the shielded pixels of a row have in common leaves the row."""

    config: DieConfig

    def row(self, row: ModelRow, *, enable: bool = True, strength: int = 16) -> ModelRow:
        """``strength`` in sixteenths, at most 16 of them."""
        adc, scale = self.config.adc, 1 << self.config.hdr.fraction_bits
        if not enable:
            return row
        full_scale = (adc.maximum_code + 1) * scale - 1
        mean = shielded_mean(row.codes[row.optical_black] - adc.pedestal_codes * scale)
        largest = adc.signal_counts * scale // 128 - 1
        common = (int(np.clip(mean, -largest, largest)) * min(strength, 16) + 8) // 16
        return row.with_(codes=np.where(row.codes == full_scale, full_scale,
                                        np.clip(row.codes - common, 0, full_scale)))
