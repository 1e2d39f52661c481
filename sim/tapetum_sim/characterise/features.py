# SPDX-License-Identifier: Apache-2.0
"""What this die has, found in its payloads and registers: a measurement without it is left out."""

from collections.abc import Callable

from tapetum.config import DieConfig
from tapetum.pixel import LinearPixels

from ..host import RegisterMap

__all__ = ["CORRECTION_SWITCHES", "EXPOSURE_CONTROL", "Feature", "always", "auto_exposure",
           "correction", "has_auto_exposure", "has_correction", "has_flicker_map",
           "without_corrections"]

CORRECTION_SWITCHES = "correction_enable"
"""Register with one field for each correction that can be switched off."""

EXPOSURE_CONTROL = "exposure_control"
"""Register whose field `enable` lets the die choose its exposures."""

Feature = Callable[[DieConfig], bool]


def always(config: DieConfig) -> bool:
    """What every die has."""
    return True


def has_flicker_map(config: DieConfig) -> bool:
    """Whether pixels are marked as flickering."""
    return "flicker" in dict(LinearPixels(config.lanes))


def has_auto_exposure(config: DieConfig) -> bool:
    """Whether the die can choose its exposures."""
    return _has_field(config, EXPOSURE_CONTROL, "enable")


def has_correction(config: DieConfig, name: str) -> bool:
    """Whether there is a correction of that name."""
    return _has_field(config, CORRECTION_SWITCHES, name)


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


def auto_exposure(config: DieConfig) -> dict[str, int]:
    """The write that lets the die choose its exposures."""
    fields = {field.name: field for field in RegisterMap(config)[EXPOSURE_CONTROL].fields}
    return {EXPOSURE_CONTROL: fields["enable"].mask}


def _has_field(config: DieConfig, register: str, field: str) -> bool:
    found = RegisterMap(config).registers.get(register)
    return found is not None and field in {each.name for each in found.fields}
