# SPDX-License-Identifier: Apache-2.0
"""A field of pulsed lamps: frequency, duty and phase swept in one picture."""

from dataclasses import dataclass

import numpy as np

from tapetum.config import LONGEST_LAMP_PERIOD_S, DieConfig

from .layered import LayeredScene, largest_rate, saturating_rate
from .layers import PulsedLayer
from .pulse import PulseTrain

__all__ = ["Flicker", "FlickerLamp"]

FREQUENCIES_HZ = (90.0, 100.0, 120.0, 137.0, 150.0, 180.0, 240.0, 333.0, 480.0, 1000.0)
"""Mains harmonics, multiples of 60 frames per second (their phase locks), and neither."""
DUTIES = (0.1, 0.3)
PHASES = 4
GOLDEN_RATIO = 0.6180339887
UNLIT = 2e-4


@dataclass(frozen=True, kw_only=True)
class FlickerLamp:
    """One lamp: where it is (margin left out), its pulse, and its radiance averaged over time."""

    pulse: PulseTrain
    rows: slice
    columns: slice
    mean_radiance: float


class Flicker(LayeredScene):
    """Lamps of radiance 1.0 while lit, one frequency per row of lamps, dark surroundings.

    Across lie duties of 10 and 30 %, each at four phases. A lamp that is always lit would fill a
    quarter of the range of the capture that integrates a period of 90 Hz, and saturate the
    others of such exposure.

    Members
    -------
    lamps : tuple of FlickerLamp
    """

    def __init__(self, config: DieConfig, *, electrons_per_second: float | None = None):
        rows, columns = config.array.rows, config.array.columns
        lamps, layers = [], []
        across = [(duty, index) for duty in DUTIES for index in range(PHASES)]
        for i, frequency_hz in enumerate(FREQUENCIES_HZ):
            for j, (duty, index) in enumerate(across):
                # Phases of different rows differ too: together they fill the period evenly.
                phase = (index / PHASES + i * GOLDEN_RATIO) % 1.0
                pulse = PulseTrain(frequency_hz=frequency_hz, duty=duty, phase=phase)
                top, bottom = (k * rows // len(FREQUENCIES_HZ) for k in (i, i + 1))
                left, right = (k * columns // len(across) for k in (j, j + 1))
                dark = max(1, (bottom - top) // 8)
                top, bottom, left, right = top + dark, bottom - dark, left + dark, right - dark
                layers.append(PulsedLayer(
                    f"lamp {frequency_hz:g} Hz, {duty:.0%}",
                    np.full((bottom - top, right - left, 3), 1 - UNLIT), row=top, column=left,
                    pulse=pulse))
                inset = 1 if min(bottom - top, right - left) >= 4 else 0
                lamps.append(FlickerLamp(
                    pulse=pulse, rows=slice(top + inset, bottom - inset),
                    columns=slice(left + inset, right - inset),
                    mean_radiance=UNLIT + (1 - UNLIT) * duty))
        self.lamps = tuple(lamps)
        super().__init__(config, "flicker", np.full((rows, columns, 3), UNLIT), layers=layers,
                         electrons_per_second=electrons_per_second or _lamp_rate(config))


def _lamp_rate(config: DieConfig) -> float:
    longest_cycles = LONGEST_LAMP_PERIOD_S * config.sync_clock_hz
    long_enough = [saturating_rate(config, capture) for capture in config.captures
                   if config.exposure_cycles(capture) >= longest_cycles]
    return 0.25 * max(long_enough, default=largest_rate(config))
