# SPDX-License-Identifier: Apache-2.0
"""Windows of the array in the register space."""

from ..registers.definition import MemoryWindow
from .verdict import VERDICT_BYTES

__all__ = ["PROGRAM_WINDOW", "VERDICT_WINDOW"]

PROGRAM_WINDOW = MemoryWindow(
    name="program", address=0x4C00, entries=1024, entry_bytes=1,
    sentence="A byte written anywhere here is appended to the program; write only. "
             "See program_control.")
VERDICT_WINDOW = MemoryWindow(
    name="verdict_bytes", address=0x4900, entries=VERDICT_BYTES, entry_bytes=1,
    sentence="The last verdict, byte by byte as on the link; read only. It holds still while "
             "verdict_hold is set.")
