# SPDX-License-Identifier: Apache-2.0
"""Integer-exact models of correction: row by row, and black alone over whole frames."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapetum.config import DieConfig
from tapetum.pixel import RowKind

from .black_level import BlackLevelModel
from .column import ColumnModel
from .row import ModelRow
from .row_noise import RowNoiseModel

__all__ = ["FixedPatternModel", "black_levels", "correct", "subtract_black"]


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
            row_noise: bool = True, strength: int = 16, freeze: bool = False,
            use_dark_rows: bool = True) -> ModelRow | None:
        """The row's active pixels; None for a row that is none of the picture's."""
        # How far black is above the pedestal decides what shielded pixels are good for.
        adc = self.config.adc
        dark = (self.black_level.levels[row.capture][0] / (1 << self.config.hdr.fraction_bits)
                - adc.pedestal_codes) / adc.signal_counts
        out = self.column.row(
            row, enable=column, freeze=freeze, use_dark_rows=use_dark_rows,
            is_hot=dark > 1 / 256)
        out = self.black_level.row(out, enable=black_level)
        out = self.row_noise.row(out, enable=row_noise and dark <= 1 / 128, strength=strength)
        if row.kind is not RowKind.ACTIVE:
            return None
        active = ~row.optical_black
        return out.with_(codes=out.codes[active], columns=row.columns[active],
                         optical_black=row.optical_black[active])


def black_levels(optical_black: ArrayLike, config: DieConfig) -> NDArray[np.int64]:
    """Mean of the shielded window, in units of ``2**-fraction_bits`` codes, rounded half up.

    Parameters
    ----------
    optical_black : array (..., optical-black rows, optical-black columns)
        ADC codes of the optical-black columns of the optical-black rows.

    Returns
    -------
    array (...)
    """
    window = np.asarray(optical_black, dtype=np.int64)
    pixels = window.shape[-1] * window.shape[-2]
    total = window.sum(axis=(-2, -1)) << config.hdr.fraction_bits
    return (2 * total + pixels) // (2 * pixels)


def subtract_black(codes: ArrayLike, levels: ArrayLike, config: DieConfig) -> NDArray[np.int64]:
    """Corrected codes: black becomes the pedestal; full scale stays full scale.

    Parameters
    ----------
    codes : array (..., rows, columns)
    levels : array (...)
    """
    codes = np.asarray(codes, dtype=np.int64)
    scale = 1 << config.hdr.fraction_bits
    full_scale = (config.adc.maximum_code + 1) * scale - 1
    levels = np.asarray(levels, dtype=np.int64)[..., np.newaxis, np.newaxis]
    corrected = (codes + config.adc.pedestal_codes) * scale - levels
    return np.where(codes == config.adc.maximum_code, full_scale,
                    np.clip(corrected, 0, full_scale))


def correct(codes: ArrayLike, optical_black: ArrayLike, config: DieConfig) -> NDArray[np.int64]:
    """All corrections of whole frames.

    Parameters
    ----------
    codes : array (frames, captures, rows, columns)
        ADC codes of the active pixels.
    optical_black : array (frames, captures, optical-black rows, optical-black columns)
        Of the same frames.

    Returns
    -------
    array like ``codes``
        Corrected codes with ``hdr.fraction_bits`` fractional bits.
    """
    return subtract_black(codes, black_levels(optical_black, config), config)
