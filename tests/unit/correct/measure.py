# SPDX-License-Identifier: Apache-2.0
"""Prints what the corrections of fixed pattern and row noise leave: the tables of docs/correct.

``PYTHONPATH=tests .venv/bin/python -m unit.correct.measure``, a minute; `vga`, models only.
"""

from collections.abc import Iterator

import numpy as np

from tapetum.presets import preset
from tapetum_sim.models.fixed_pattern import FixedPatternModel
from unit.correct.die_model import DieRows, residual

__all__: list[str] = []

SEEDS, ROWS = range(6), 64
NAMES = [capture.name for capture in preset("vga").captures]


def columns(temperature_celsius: float) -> Iterator[str]:
    """Spread of the columns left after so many frames, root mean square of some dies."""
    for capture in (0, 1, 2):
        left = []
        for seed in SEEDS:
            rows = DieRows(seed=seed, column_offset_spread_lsb12=20.0,
                           temperature_celsius=temperature_celsius)
            model, series = FixedPatternModel(rows.config), []
            for frame in range(64):
                for row in rows.dark(frame, capture):
                    model.row(row)
                if frame + 1 in (1, 2, 4, 8, 16, 64):
                    series.append(residual(model.column, rows, capture))
            left.append(series)
        figures = np.sqrt(np.mean(np.square(left), axis=0))
        yield f"{NAMES[capture]} at {temperature_celsius:.0f} C: " + " | ".join(
            f"{offset:.2f} {gain:.3f} %" for offset, gain in figures)


def black_and_rows(before_celsius: float, after_celsius: float) -> Iterator[str]:
    """Black and row noise 8 frames after a step of the temperature."""
    for capture, name in enumerate(NAMES):
        errors, spreads = [], []
        for seed in SEEDS:
            rows = DieRows(seed=seed, column_offset_spread_lsb12=20.0, temperature_celsius=lambda
                           frame: before_celsius if frame < 16 else after_celsius)
            model = FixedPatternModel(rows.config)
            for frame in range(24):
                for row in rows.dark(frame, capture):
                    model.row(row)
            pictures = np.array([[
                out.codes for row_noise in (False, True)
                if (out := model.row(row, row_noise=row_noise))]
                for row in rows.active(23, capture, ROWS)])
            values = pictures / 4 - rows.config.adc.pedestal_codes
            errors.append(values.mean(axis=(0, 2)))
            spreads.append(values.mean(axis=2).std(axis=0))
        error, spread = np.sqrt(np.mean(np.square(errors), axis=0)), np.mean(spreads, axis=0)
        yield (f"{name} {before_celsius:.0f} -> {after_celsius:.0f} C, dark current "
               f"{rows.dark_codes(23, capture):.2f} codes: black off by {error[0]:.2f}, then "
               f"{error[1]:.2f}; row noise {spread[0]:.2f}, then {spread[1]:.2f}")


if __name__ == "__main__":
    for celsius in (25.0, 105.0):
        print("\n".join(columns(celsius)))
    for step in ((25.0, 25.0), (-40.0, 65.0), (-40.0, 85.0), (-40.0, 105.0), (-40.0, 125.0),
                 (125.0, -40.0)):
        print("\n".join(black_and_rows(*step)))
