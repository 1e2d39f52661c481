# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of column correction, black level and row noise together."""

from dataclasses import dataclass

from tapetum.config import DieConfig
from tapetum.pixel import RowKind

from .black_level import BlackLevelModel
from .column import ColumnModel
from .row import ModelRow
from .row_noise import RowNoiseModel

__all__ = ["FixedPatternModel"]


@dataclass
class FixedPatternModel:
    """All stages in order; rows of ADC codes in, active rows of corrected codes out."""

    config: DieConfig

    def __post_init__(self):
        self.column = ColumnModel(self.config)
        self.black_level = BlackLevelModel(self.config)
        self.row_noise = RowNoiseModel(self.config)

    def restart(self) -> None:
        self.column.restart()
        self.black_level.restart()

    def row(self, row: ModelRow, *, column: bool = True, black_level: bool = True,
            row_noise: bool = True, strength: int = 16, freeze: bool = False) -> ModelRow | None:
        """The row's active pixels; None for a row that is none of the picture's."""
        # How far black is above the pedestal decides what shielded pixels are good for.
        adc = self.config.adc
        dark = (self.black_level.levels[row.capture][0] / (1 << self.config.hdr.fraction_bits)
                - adc.pedestal_codes) / adc.signal_counts
        out = self.column.row(
            row, enable=column, freeze=freeze, is_hot=dark > 1 / 256)
        out = self.black_level.row(out, enable=black_level)
        out = self.row_noise.row(out, enable=row_noise and dark <= 1 / 128, strength=strength)
        if row.kind is not RowKind.ACTIVE:
            return None
        active = ~row.optical_black
        return out.with_(codes=out.codes[active], columns=row.columns[active],
                         optical_black=row.optical_black[active])
