# SPDX-License-Identifier: Apache-2.0
"""Registers of the test patterns of CCS."""

from ..control.frame_settings import TEST_COLOURS
from .definition import Field, Register

__all__ = ["test_pattern_registers"]


def test_pattern_registers() -> list[Register]:
    """From 0x0600 on; what each pattern is, the page of the test patterns says."""
    names = ("red", "green in red rows", "blue", "green in blue rows")
    return [
        Register(name="test_pattern_mode", address=0x0600, width_bytes=2, maximum=4,
                 sentence="What the link carries in place of pixels.",
                 fields=(Field(name="pattern", lsb=0, bits=16, sentence="Which pattern.",
                               values=((0, "pixels"), (1, "solid colour"),
                                       (2, "100 % colour bars"), (3, "bars that fade to grey"),
                                       (4, "PN9"))),),
                 limits="larger values act as 4 and are flagged"),
        *(Register(name=f"test_data_{colour}", address=0x0602 + 2 * index, width_bytes=2,
                   sentence=f"Value of {name} pixels in the solid test pattern.",
                   limits="as many low bits as the data format has; RAW20 and RAW24 have this as "
                          "their upper 16 bits")
          for index, (colour, name) in enumerate(zip(TEST_COLOURS, names, strict=True))),
    ]
