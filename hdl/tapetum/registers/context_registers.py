# SPDX-License-Identifier: Apache-2.0
"""Registers of the second context: what alternate frames are taken with."""

from collections.abc import Mapping
from dataclasses import replace

from ..config import DieConfig
from .definition import Access, Field, Register, Storage

__all__ = ["SECOND", "context_registers"]

SECOND = "second_"
"""Before the name of a register: the same of the second context."""


def context_registers(config: DieConfig, first: Mapping[str, Register]) -> list[Register]:
    """All of them; ``first`` are the registers of the first context, by name."""
    places = {"capture_mask": 0x3602, "digital_gain_global": 0x3604,
              "x_addr_start": 0x3608, "y_addr_start": 0x360A,
              "x_addr_end": 0x360C, "y_addr_end": 0x360E}
    for group in config.exposure_groups:
        prefix = f"exposure_{group.index}_" if group.index else ""
        places |= {f"{prefix}coarse_integration_time": 0x3620 + 4 * group.index,
                   f"{prefix}fine_integration_time": 0x3622 + 4 * group.index}
    for index in range(len(config.captures)):
        base = 0x3640 + 8 * index
        places |= {f"capture_{index}_normalisation_mantissa": base,
                   f"capture_{index}_digital_gain": base + 2,
                   f"capture_{index}_normalisation_shift": base + 4}
    return [
        Register(name="context_mode", address=0x3600,
                 sentence="Which frames are taken with which context.",
                 fields=(Field(name="alternate", lsb=0,
                               sentence="Every other frame takes the second one.",
                               values=((0, "all with the first"), (1, "in turns"))),),
                 note="The first frame of a stream takes the first."),
        Register(name="frame_context", address=0x3601, access=Access.READ_ONLY,
                 storage=Storage.STATUS,
                 sentence="Context of the last frame that was planned.",
                 fields=(Field(name="context", lsb=0, sentence="Which.",
                               values=((0, "first"), (1, "second"))),)),
        *(replace(first[name], name=SECOND + name, address=address,
                  sentence=f"Second context: {first[name].sentence}")
          for name, address in places.items()),
    ]
