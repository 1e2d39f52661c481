# SPDX-License-Identifier: Apache-2.0
"""Flat fields of single captures: dark, and at half of each capture's range."""

from dataclasses import dataclass, replace

import numpy as np

from tapetum.config import DieConfig

from ..pixel_die import PixelDieParameters
from ..scenes.switched_light import SwitchedLight
from .context import Context
from .plan import Plan, short_frame
from .shot import Shot

__all__ = ["FlatFields", "flat_fields", "rate_that_fills"]

COLUMN_OFFSET_LSB12 = 20.0
COLUMN_GAIN = 0.01
"""What the correction is to remove."""
SETTLING_FRAMES = 16
SWITCHING_FRAMES = 2
"""Frames in which the light changes while some row is exposed."""
HALF = 0.5


@dataclass(frozen=True, kw_only=True)
class FlatFields:
    """Frames by capture, before and after correction; the last two axes are rows and columns.

    Members
    -------
    first_dark : list of arrays
        Corrected dark frames from the first on, by capture.
    dark_codes, dark, bright_codes, bright : list of arrays
        Settled, by capture; ``codes`` are before correction.
    fraction_bits : int
        Of what is corrected.
    """

    config: DieConfig
    first_dark: list[np.ndarray]
    dark_codes: list[np.ndarray]
    dark: list[np.ndarray]
    bright_codes: list[np.ndarray]
    bright: list[np.ndarray]

    def lsb12(self, codes: float, *, corrected: bool) -> float:
        """A difference of codes in LSB of a 12-bit converter."""
        scale = 1 << self.config.hdr.fraction_bits if corrected else 1
        return codes / scale * 4096 / self.config.adc.signal_counts


def flat_fields(context: Context) -> FlatFields:
    """Take them, once."""
    return context.once("flat fields", _take)


def _take(context: Context) -> FlatFields:
    config = context.config
    registers = short_frame(config)
    frame_s = registers["frame_length_lines"] * config.line_time_s
    measured = max(2, context.frames)
    # Time 0 is no later than the first exposure; one frame before the first read.
    switch = (1 + SETTLING_FRAMES + measured) * frame_s
    steps = [(0.0, 0.0)]
    for index in range(len(config.captures)):
        steps.append((switch, rate_that_fills(config, registers, index, HALF)))
        switch += (SWITCHING_FRAMES + measured) * frame_s
    scene = SwitchedLight(config, steps)
    # The defects have a measurement of their own.
    parameters = replace(PixelDieParameters(), hot_per_million=0.0, dead_per_million=0.0,
                         stuck_per_million=0.0, couplets_per_million=0.0,
                         column_offset_spread_lsb12=COLUMN_OFFSET_LSB12,
                         column_gain_spread=COLUMN_GAIN)
    shot = context.take(Plan(
        name="flat-fields", scene=scene, parameters=parameters, registers=registers,
        frames=SETTLING_FRAMES + measured
        + len(config.captures) * (SWITCHING_FRAMES + measured)))
    dark = _frames_at(shot, scene, 0.0)
    bright = [_frames_at(shot, scene, rate)[-measured:] for _, rate in steps[1:]]
    captures = range(len(config.captures))
    return FlatFields(
        config=config, first_dark=[shot.corrected[dark, c] for c in captures],
        dark_codes=[shot.codes[dark[-measured:], c] for c in captures],
        dark=[shot.corrected[dark[-measured:], c] for c in captures],
        bright_codes=[shot.codes[bright[c], c] for c in captures],
        bright=[shot.corrected[bright[c], c] for c in captures])


def rate_that_fills(config: DieConfig, registers: dict[str, int], index: int,
                    share: float) -> float:
    """Electrons per second that bring a capture to this share of its range."""
    capture = config.captures[index]
    group = next(group for group in config.exposure_groups if index in group.captures)
    prefix = f"exposure_{group.index}_" if group.index else ""
    cycles = (registers[prefix + "coarse_integration_time"] * config.timing.line_length_cycles
              + registers.get(prefix + "fine_integration_time", capture.fine_integration_cycles))
    return (share * config.adc.full_well_codes * config.electrons_per_code(capture)
            / config.pixel.sensitivity(capture.photodiode) / cycles * config.sync_clock_hz)


def _frames_at(shot: Shot, scene: SwitchedLight, rate: float) -> list[int]:
    """Frames of which every row of every capture saw exactly this light."""
    return [frame for frame in range(len(shot.numbers)) if all(
        abs(scene.mean_rate(start, end) - rate) <= 1e-9 * (1 + rate)
        for start, end in shot.windows[frame].reshape(-1, 2))]
