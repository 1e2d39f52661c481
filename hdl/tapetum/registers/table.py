# SPDX-License-Identifier: Apache-2.0
"""The one table of registers: RTL, constants and documents all come from it."""

from ..compand.companding import SEGMENTS_WINDOW
from ..config import DieConfig
from ..correct.windows import defect_list_window, defect_thresholds_window, lens_shading_window
from ..npu.program_window import PROGRAM_WINDOW, VERDICT_WINDOW
from ..stats.statistics import histogram_window
from ..vision.tone_curve import TONE_WINDOW
from .array import array_registers
from .ccs import ccs_registers
from .context_registers import context_registers
from .definition import MemoryWindow, Register, check_table
from .exposure import exposure_registers
from .manufacturer import manufacturer_registers
from .safety import safety_registers

__all__ = ["memory_windows", "register_table"]


def memory_windows(config: DieConfig) -> list[MemoryWindow]:
    """Memories that the host writes through the register space."""
    return [
        MemoryWindow(name="row_events", address=0x4000, entries=config.timing.row_event_capacity,
                     entry_bytes=4,
                     sentence="Row events, what the row lines do at which cycle of a line; "
                              "unchanged by a reset, locked while frames are under way."),
        SEGMENTS_WINDOW,
        defect_thresholds_window(config),
        histogram_window(config),
        defect_list_window(config),
        lens_shading_window(config),
        *([TONE_WINDOW, VERDICT_WINDOW, PROGRAM_WINDOW] if config.npu else []),
    ]


def register_table(config: DieConfig) -> list[Register]:
    """Every register of a die, by address.

    Raises
    ------
    ValueError
        Two registers share a name or an address.
    """
    registers = sorted((*ccs_registers(config), *manufacturer_registers(config),
                        *exposure_registers(config), *array_registers(config),
                        *safety_registers(config)),
                       key=lambda register: register.address)
    second = context_registers(config, {register.name: register for register in registers})
    registers = sorted((*registers, *second), key=lambda register: register.address)
    check_table(registers, memory_windows(config))
    return registers
