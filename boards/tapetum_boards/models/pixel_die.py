# SPDX-License-Identifier: Apache-2.0
"""Trip codes of `BoardPixelDie`, in integers."""

from dataclasses import dataclass
from math import isqrt

import numpy as np

from tapetum.config import DieConfig

__all__ = ["BoardPixelDieModel", "Light", "Mode"]

_WORD = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@dataclass(frozen=True, kw_only=True)
class Mode:
    """Gain, full well in 1/16 codes, divisor of the shot noise as a power of two."""

    mantissa: int
    exponent: int
    full_well: int
    shot_shift: int


@dataclass(frozen=True, kw_only=True)
class Light:
    """Clocks of exposure to everything, and to the lamp."""

    clocks: int
    lamp_clocks: int


class BoardPixelDieModel:
    """Trip codes of one settled row, with noise that is drawn from the seed alone.

    Parameters
    ----------
    config : DieConfig
    scene : array
        Words of radiance, active rows x columns.
    modes : three Mode
        Large photodiode at high and at low gain, small photodiode.
    defects : bool
        Whether one pixel in 128 of each row is dead or hot.
    """

    def __init__(self, config: DieConfig, scene: np.ndarray, modes, *, seed: int, read_shift: int,
                 defects: bool = False):
        self.config, self.scene, self.modes = config, scene.astype(np.int64), modes
        self.seed, self.read_shift = seed, read_shift
        if defects:
            row, column = np.indices(scene.shape)
            row += config.array.dark_rows
            column += config.array.optical_black_columns
            self.scene = np.where((column + 37 * row) % 128 == 0,
                                  np.where(row % 2, 0x7FFF, 0), self.scene)

    def trips(self, row: int, *, small: bool, high_gain: bool, light: Light | None) -> np.ndarray:
        """Before a transfer ``light`` is None."""
        array, adc = self.config.array, self.config.adc
        mode = self.modes[2 if small else 0 if high_gain else 1]
        columns = np.arange(array.total_columns)
        level = (16 * adc.nominal_reset_trip_counts - 16
                 + ((columns * 37 ^ columns >> 3) & 31))
        signal = np.zeros(array.total_columns, np.int64)
        charged = light is not None
        if light is not None:
            if row < array.test_rows:
                signal += (3 if row % 2 else 1) * (16 * adc.full_well_codes // 4)
            else:
                if row >= array.dark_rows:
                    signal[array.optical_black_columns:] = self._signal(
                        self.scene[row - array.dark_rows], mode, light)
                root = np.array([isqrt((step << 8) + 128) for step in range(64)])
                numbers = _numbers(self.seed | row << 32 | (light.clocks & 0xFFF) << 44
                                   | small << 56, array.total_columns)
                shot = numbers * root[np.minimum(signal >> 8, 63)] >> mode.shot_shift
                signal = np.clip(signal + shot, 0, mode.full_well)
        read = _numbers(self.seed | row << 44 | charged << 56 | (small & charged) << 57
                        | high_gain << 58 | 1 << 59, array.total_columns) >> self.read_shift
        counts = signal + level + read + 8 >> 4
        return np.clip(counts, 0, 1 << adc.bits)

    def _signal(self, words: np.ndarray, mode: Mode, light: Light) -> np.ndarray:
        scales = [_scale(clocks, mode) for clocks in (light.clocks, light.lamp_clocks)]
        mantissa, exponent = (np.choose(words >> 15, [scale[part] for scale in scales])
                              for part in (0, 1))
        product = (words & 0x7FF) * mantissa
        shift = 48 - exponent - (words >> 11 & 15)
        kept = np.where(shift < 0, np.where(product > 0, 1 << 30, 0),
                        product >> np.clip(shift, 0, 40))
        return np.minimum(kept, mode.full_well)


def _scale(clocks: int, mode: Mode) -> tuple[int, int]:
    if clocks == 0:
        return 0, 0
    top = clocks.bit_length() - 1
    aligned = (clocks << 11) >> top
    product = aligned * mode.mantissa
    if product >> 23:
        return product >> 12, top + mode.exponent + 1
    return product >> 11, top + mode.exponent


def _numbers(seed: int, columns: int) -> np.ndarray:
    """A number for each column, four of each state of the generator."""
    state = np.uint64((seed & (1 << 63) - 1) | 1 << 63)
    numbers = []
    for step in range(9 + columns // 4):
        if step >= 9:
            word = int(state)
            numbers += [sum(word >> 16 * lane + 4 * place & 15 for place in range(4)) - 30
                        for lane in range(4)]
        state ^= state << np.uint64(13) & _WORD
        state ^= state >> np.uint64(7)
        state ^= state << np.uint64(17) & _WORD
    return np.array(numbers)
