# SPDX-License-Identifier: Apache-2.0
"""What each button changes."""

import enum
from dataclasses import dataclass

from tapetum.config import DieConfig
from tapetum.registers.definition import Register
from tapetum.registers.table import register_table

from ..link.board_bus import BOARD_REGISTERS, DIE_REGISTERS
from ..registers.table import board_registers

__all__ = ["GROWTH_SHIFT", "Action", "Change", "button_actions"]

GROWTH_SHIFT = 3
"""An exposure grows and shrinks by an eighth."""


class Change(enum.Enum):
    """What becomes of a register's value."""

    NEXT = 0
    """One more; 0 behind the last one that means something."""
    GROW = 1
    SHRINK = 2


@dataclass(frozen=True, kw_only=True)
class Action:
    """A register of one or two bytes, and its new value.

    An exposure wraps around in the register's bits.
    """

    name: str
    address: int
    width_bytes: int
    bits: int
    change: Change
    last: int = 0

    def apply(self, value: int) -> int:
        """The value after the button was pressed once."""
        if self.change is Change.NEXT:
            return 0 if value >= self.last else value + 1
        step = {Change.GROW: (value >> GROWTH_SHIFT) + 1,
                Change.SHRINK: -(value >> GROWTH_SHIFT)}[self.change]
        return value + step & (1 << self.bits) - 1


def button_actions(config: DieConfig) -> dict[str, Action]:
    """By the name of the button on a ULX3S."""
    own = {register.name: register for register in board_registers(config)}
    of_die = {register.name: register for register in register_table(config)}

    def on(register: Register, change: Change, base: int) -> Action:
        values = [value for field in register.fields for value, _ in field.values]
        return Action(name=register.name, address=base + register.address, change=change,
                      width_bytes=register.width_bytes, bits=register.mask.bit_length(),
                      last=max(values, default=register.mask))

    exposure = of_die["coarse_integration_time"]
    return {
        "fire 1": on(own["picture_mode"], Change.NEXT, BOARD_REGISTERS),
        "fire 2": on(own["picture_capture"], Change.NEXT, BOARD_REGISTERS),
        "up": on(exposure, Change.GROW, DIE_REGISTERS),
        "down": on(exposure, Change.SHRINK, DIE_REGISTERS),
        "left": on(own["defects"], Change.NEXT, BOARD_REGISTERS),
        "right": on(own["row_line_stuck"], Change.NEXT, BOARD_REGISTERS),
    }
