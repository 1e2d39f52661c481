# SPDX-License-Identifier: Apache-2.0
"""Registers for which CCS has no word: from 0x3000, every one documented."""

from ..config import DieConfig
from .captures import capture_registers
from .corrections import correction_registers
from .definition import Register
from .faults import fault_registers
from .picture import picture_registers
from .ports import port_registers

__all__ = ["manufacturer_registers"]


def manufacturer_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration, but for those of rooms that it may lack."""
    return [*picture_registers(config), *fault_registers(), *port_registers(config),
            *correction_registers(config), *capture_registers(config)]
