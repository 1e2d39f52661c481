# SPDX-License-Identifier: Apache-2.0
"""The settings that a host's writes should have given each frame."""

from collections.abc import Sequence
from typing import Any

from tapetum.config import DieConfig

from ..host import RegisterMap
from ..models.settings import frame_settings
from .recordings import Recordings
from .request import Request
from .setup import Action

__all__ = ["reset_values", "wanted_settings"]


def reset_values(config: DieConfig) -> dict[str, int]:
    """Of every register that a host may write."""
    return {name: register.reset for name, register in RegisterMap(config).registers.items()
            if register.is_writable}


def wanted_settings(request: Request, recordings: Recordings
                    ) -> dict[int, tuple[int, dict[str, Any]]]:
    """When each frame was planned, and the settings that the host wanted it to have."""
    registers, resets = RegisterMap(request.config), reset_values(request.config)
    values = resets | dict(request.registers)
    taken = dict(values)
    pending = sorted((stimulus for stimulus in request.stimuli
                      if stimulus.action is Action.WRITE), key=lambda s: s.after_cycles)
    settings = {}
    began, turn = None, 0
    for adoption in recordings.adoptions:
        cycle = int(adoption["cycle"])
        began = cycle if began is None else began
        while pending and pending[0].after_cycles < cycle - began:
            _write(values, registers, pending.pop(0).writes)
            if values["software_reset"]:
                values = dict(resets)
            if not values["grouped_parameter_hold"]:
                taken = dict(values)
        turn &= taken["context_mode"]
        settings[int(adoption["frame"])] = (
            cycle, frame_settings(request.config, taken, context=turn).settings)
        turn ^= taken["context_mode"]
    return settings


def _write(values: dict[str, int], registers: RegisterMap,
           writes: Sequence[tuple[int, int]]) -> None:
    """Put bytes into the values of registers."""
    for address, byte in writes:
        for name, register in registers.registers.items():
            if name in values and address in register.addresses:
                place = 8 * (register.width_bytes - 1 - list(register.addresses).index(address))
                values[name] = values[name] & ~(0xFF << place) | byte << place
