# SPDX-License-Identifier: Apache-2.0
"""Rows of a whole VGA pixel die, converted by the model, and the truth behind them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tapetum.pixel import RowKind
from tapetum.presets import preset
from tapetum_sim.models.adc import convert_row
from tapetum_sim.models.column import ColumnModel
from tapetum_sim.models.row import ModelRow
from tapetum_sim.pixel_die.parameters import PixelDieParameters
from tapetum_sim.pixel_die.pixel_die import PixelDie
from tapetum_sim.pixel_die.schedule import exposure_window

__all__ = ["DieRows", "residual"]


class _Darkness:
    """A scene without light: what the pixel die asks of one."""

    def __init__(self, config):
        self.rows, self.columns = config.array.rows, config.array.columns
        self.electrons_per_second = 0.0

    def row_radiance(self, row, start_s, end_s):
        return np.zeros(self.columns)


class DieRows:
    """The `vga` die in the dark; active pixels have no defects unless asked for."""

    def __init__(self, *, seed: int, temperature_celsius: Any = 25.0, **parameters: Any):
        self.config = preset("vga")
        clean = dict.fromkeys(("hot_per_million", "dead_per_million", "stuck_per_million",
                               "couplets_per_million"), 0.0)
        scene: Any = _Darkness(self.config)
        self.die = PixelDie(self.config, scene,
                            PixelDieParameters(**{**clean, **parameters}), seed=seed,
                            temperature_celsius=temperature_celsius)

    def row(self, frame: int, capture: int, kind: Any, number: int) -> ModelRow:
        array = self.config.array
        physical = number + {RowKind.TEST: 0, RowKind.OPTICAL_BLACK: array.test_rows,
                             RowKind.ACTIVE: array.dark_rows}[kind]
        window = exposure_window(self.config, frame, physical, capture)
        codes = convert_row(self.config, self.die.reset_trip_codes(frame, physical, capture),
                            self.die.signal_trip_codes(frame, physical, capture, *window))
        columns = np.arange(array.total_columns)
        return ModelRow(frame=frame, capture=capture, kind=kind, row=number, array_row=number,
                        frame_last=False, codes=codes.astype(np.int64), columns=columns,
                        optical_black=columns < array.optical_black_columns)

    def dark(self, frame: int, capture: int) -> Iterator[ModelRow]:
        """Test rows, then optical-black rows."""
        array = self.config.array
        for kind, count in ((RowKind.TEST, array.test_rows),
                            (RowKind.OPTICAL_BLACK, array.optical_black_rows)):
            for number in range(count):
                yield self.row(frame, capture, kind, number)

    def active(self, frame: int, capture: int, count: int) -> Iterator[ModelRow]:
        for number in range(count):
            yield self.row(frame, capture, RowKind.ACTIVE, number)

    def dark_codes(self, frame: int, capture: int) -> float:
        """Mean dark current of the capture in that frame, in codes."""
        capture_config = self.config.captures[capture]
        start, end = exposure_window(self.config, frame, self.config.array.dark_rows, capture)
        current = self.die.parameters.dark_current(capture_config.photodiode,
                                                   self.die.temperature_celsius(frame))
        return current * (end - start) / self.config.electrons_per_code(capture_config)


def residual(model: ColumnModel, rows: DieRows, capture: int) -> tuple[float, float]:
    """Spread of the columns that is left, from the truth: codes in the dark, and gain in percent.

    Columns so dark that the converter clips them at 0 are no business of the correction.
    """
    fixed = rows.die.fixed_pattern
    offset, gain = model.estimates(capture)
    true_offset, true_gain = fixed.column_offset[capture], fixed.column_gain
    works = true_offset > -0.85 * rows.config.adc.pedestal_codes
    left = (true_offset - offset) * (1 - gain)
    slope = true_gain * (1 - gain)
    return float(left[works].std()), float(slope[works].std() * 100)
