# SPDX-License-Identifier: Apache-2.0
"""Configurations and random inputs for the tests of this room."""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from tapetum.config import CaptureConfig, ConversionGain, DieConfig, HdrConfig, Photodiode
from tapetum.presets import preset
from tapetum.registers.definition import Access, Storage
from tapetum.registers.table import register_table
from tapetum.stats.exposure_control import Banding, ExposureControl
from tapetum_sim.models.settings import frame_settings

from .random_settings import random_settings

__all__ = ["CONFIGS", "host_settings", "random_control", "random_counts",
           "small_frame_settings"]

LEVELS = 128
_TINY, _VGA = preset("tiny"), preset("vga")


def _capture(name: str, coarse_integration_lines: int = 1, **options: Any) -> CaptureConfig:
    return CaptureConfig(name=name, coarse_integration_lines=coarse_integration_lines, **options)


CONFIGS: dict[str, DieConfig] = {
    "vga": _VGA,
    "one capture": _VGA.with_(captures=_VGA.captures[1:2]),
    "long and very short": _VGA.with_(captures=(_VGA.captures[1], _VGA.captures[3])),
    "four of one photodiode": replace(
        _TINY, hdr=HdrConfig(line_buffer_lag_lines=9, fraction_bits=4), captures=(
            _capture("L0", coarse_integration_lines=20),
            _capture("L1", lag_lines=2), _capture("L2", lag_lines=4),
            _capture("L3", lag_lines=6, conversion_gain=ConversionGain.HIGH))),
    "pair around another": replace(
        _TINY, captures=(
            _capture("HCG", coarse_integration_lines=20, conversion_gain=ConversionGain.HIGH),
            _capture("SPD", coarse_integration_lines=10, photodiode=Photodiode.SMALL),
            _capture("LCG", coarse_integration_lines=20))),
    "small photodiode first": replace(
        _TINY, hdr=HdrConfig(line_buffer_lag_lines=4, fraction_bits=0), captures=(
            _capture("S", coarse_integration_lines=30, photodiode=Photodiode.SMALL),
            _capture("L", coarse_integration_lines=30))),
}
"""Every rule of exposure applies in one of them."""


def host_settings(config: DieConfig, random: Random) -> dict[str, Any]:
    """What the guard makes of random registers."""
    registers = {register.name: register.reset for register in register_table(config)
                 if register.access is Access.READ_WRITE and register.storage is Storage.FRAME}
    return frame_settings(config, registers | random_settings(config, random)).settings


def random_control(config: DieConfig, random: Random) -> dict[str, Any]:
    """Control with automatic exposure on; about half of its values are anything."""
    groups, lines = len(config.exposure_groups), config.timing.frame_length_lines
    gains = [{"mantissa": random.randrange(1 << 15, 1 << 16), "shift": random.randrange(64)}
             for _ in config.captures]
    values = {
        "banding": random.choice(list(Banding)),
        "dark_percentile": random.getrandbits(16), "bright_percentile": random.getrandbits(16),
        "dark_target": random.choice([0, 1, random.getrandbits(12)]),
        "bright_target": random.getrandbits(12),
        "minimum_ratio": random.getrandbits(8), "hysteresis": random.getrandbits(8),
        "minimum_cycles": random.choice([0, 1, random.getrandbits(8)]),
        "minimum_lines": [random.randrange(lines + 9) for _ in range(groups)],
        "maximum_lines": [random.randrange(lines + 9) for _ in range(groups)],
        "unit_gains": gains,
    }
    chosen = {name: value for name, value in values.items() if random.random() < 0.4}
    return ExposureControl.defaults(config) | {"enable": 1} | chosen


def random_counts(captures: int, random: Random) -> np.ndarray:
    """Counts per capture and level: flat, spread, saturated, black or nothing at all."""
    generator = np.random.default_rng(random.getrandbits(32))
    counts = np.zeros((captures, LEVELS), np.int64)
    for capture in range(captures):
        kind = random.choice(["flat", "flat", "spread", "spread", "saturated", "black", "none",
                              "full"])
        if kind == "flat":
            counts[capture, random.randrange(LEVELS)] = random.randrange(1, 1 << 20)
        elif kind == "spread":
            low, high = sorted(generator.integers(0, LEVELS, 2))
            counts[capture, low:high + 1] = generator.integers(0, 1000, high + 1 - low)
        elif kind == "saturated":
            counts[capture, 127] = 5000
            counts[capture, random.randrange(127)] = random.choice([0, 3, 4000])
        elif kind == "black":
            counts[capture, random.randrange(30)] = 5000
        elif kind == "full":
            counts[capture] = (1 << 20) - 1
    return counts


def small_frame_settings(config: DieConfig, random: Random | None, *, mask: int | None = None
                         ) -> dict[str, Any]:
    """Settings of a frame, with ``rows_read`` and ``columns_read``; a random region if asked."""
    table = register_table(config)
    registers = {register.name: register.reset for register in table
                 if register.access is Access.READ_WRITE and register.storage is Storage.FRAME}
    if random is not None:
        wanted = ("capture_mask", "x_addr_start", "x_addr_end", "y_addr_start", "y_addr_end",
                  "x_odd_inc", "y_odd_inc")
        registers |= {name: value for name, value in random_settings(config, random).items()
                      if name in wanted}
    if mask is not None:
        registers["capture_mask"] = mask
    made = frame_settings(config, registers)
    return {"settings": made.settings, "rows_read": made.rows_read,
            "columns_read": made.columns_read}
