# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the gains by colour and by capture."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapetum.config import DieConfig

from .row import ModelRow

__all__ = ["DigitalGainModel", "amplify"]

_CCS_COLOURS = ("greenR", "red", "blue", "greenB")


def amplify(codes: ArrayLike, gain: ArrayLike, fraction_bits: int,
            config: DieConfig) -> NDArray[np.int64]:
    """Corrected codes with a gain about the pedestal, rounded half up and saturated.

    Parameters
    ----------
    gain : integers with ``fraction_bits`` fractional bits, like ``codes`` or one for all
    """
    codes, gain = np.asarray(codes, np.int64), np.asarray(gain, np.int64)
    scale, unity = 1 << config.hdr.fraction_bits, 1 << fraction_bits
    pedestal = config.adc.pedestal_codes * scale
    full_scale = (config.adc.maximum_code + 1) * scale - 1
    amplified = pedestal + (2 * (codes - pedestal) * gain + unity) // (2 * unity)
    return np.where(codes == full_scale, full_scale, np.clip(amplified, 0, full_scale))


class DigitalGainModel:
    """Rows through `DigitalGain`; it keeps nothing from row to row."""

    def __init__(self, config: DieConfig):
        self.config = config
        first, second, third, fourth = self._mosaic()
        self._colours = np.array([[first, second], [third, fourth]])

    def _mosaic(self) -> list[int]:
        """CCS colour at (0, 0), (0, 1), (1, 0), (1, 1)."""
        letters = self.config.array.colour_filter.value
        if letters == "mono":
            return [_CCS_COLOURS.index("greenR")] * 4
        names = {"r": "red", "b": "blue"}
        colours = []
        for row in (letters[:2], letters[2:]):
            green = "greenR" if "r" in row else "greenB"
            colours += [_CCS_COLOURS.index(names.get(letter, green)) for letter in row]
        return colours

    def gains(self, colour_gains: ArrayLike, capture_gain: int) -> NDArray[np.int64]:
        """Total gains by colour, unsigned 8.9, from two factors of unsigned 8.8."""
        products = np.asarray(colour_gains, np.int64) * capture_gain
        return np.minimum((products + 64) // 128, (1 << 17) - 1)

    def row(self, row: ModelRow, *, colour_gains: ArrayLike, capture_gains: ArrayLike,
            enable: bool = True) -> ModelRow:
        """The row behind the stage; gains unsigned 8.8, colours in the order of CCS."""
        if not enable:
            return row
        totals = self.gains(colour_gains, int(np.asarray(capture_gains)[row.capture]))
        columns = row.columns - self.config.array.optical_black_columns
        colours = self._colours[row.array_row % 2, columns % 2]
        return row.with_(codes=amplify(row.codes, totals[colours], 9, self.config))
