# SPDX-License-Identifier: Apache-2.0
"""What this die has, found in its payloads and registers: a measurement without it is left out."""

from collections.abc import Callable

from tapetum.config import DieConfig
from tapetum.pixel import LinearPixels

from ..host import RegisterMap

__all__ = ["AUTO_EXPOSURE", "CORRECTION_SWITCHES", "Feature", "always", "correction",
           "has_auto_exposure", "has_correction", "has_flicker_map", "without_corrections"]

CORRECTION_SWITCHES = "correction_enable"
"""Register with one field for each correction that can be switched off."""

AUTO_EXPOSURE = "auto_exposure_enable"
"""Register that lets the die choose its exposures."""

Feature = Callable[[DieConfig], bool]


def always(config: DieConfig) -> bool:
    """What every die has."""
    return True


def has_flicker_map(config: DieConfig) -> bool:
    """Whether pixels are marked as flickering."""
    return "flicker" in dict(LinearPixels(config.lanes))


def has_auto_exposure(config: DieConfig) -> bool:
    """Whether the die can choose its exposures."""
    return AUTO_EXPOSURE in RegisterMap(config).registers


def has_correction(config: DieConfig, name: str) -> bool:
    """Whether there is a correction of that name."""
    register = RegisterMap(config).registers.get(CORRECTION_SWITCHES)
    return register is not None and name in {field.name for field in register.fields}


def correction(name: str) -> Feature:
    """`has_correction` of one name, as a feature."""
    return lambda config: has_correction(config, name)


def without_corrections(config: DieConfig, *names: str) -> dict[str, int]:
    """The write that switches these corrections off and leaves the others as they are."""
    register = RegisterMap(config)[CORRECTION_SWITCHES]
    value = register.reset
    for field in register.fields:
        if field.name in names:
            value &= ~field.mask
    return {CORRECTION_SWITCHES: value}
