# SPDX-License-Identifier: Apache-2.0
"""Registers of the array and of its front end."""

from typing import Any

from ..config import DieConfig
from ..npu.frame_watch import DEADLINE_UNIT_CYCLES
from ..npu.verdict import NO_CLASS, SCORES
from ..vision.settings import cell_pixels, vision_settings, whole_frame
from .definition import Access, Field, Register, Storage

__all__ = ["VISION_REGISTERS", "array_registers", "default_deadline", "default_vision"]

DEFAULT_COLUMNS, DEFAULT_ROWS = 32, 24
_SPARE_LINES = 2
"""Of the blanking, left for the verdict to be sent in."""

VISION_REGISTERS = ("column_start", "row_start", "cells_x", "cells_y", "columns", "rows", "rgb",
                    "reciprocal", "reciprocal_shift")
"""Fields of `VisionSettings` that have a register, ``vision_`` before their name."""


def default_deadline(config: DieConfig) -> int:
    """Ends shortly before the next frame's first row comes out."""
    lines = max(config.timing.frame_length_lines - config.array.rows - _SPARE_LINES, 1)
    return min(lines * config.timing.line_length_cycles // DEADLINE_UNIT_CYCLES, 0xFFFF)


def default_vision(config: DieConfig) -> dict[str, Any]:
    """The whole frame, for a network of 32 x 24 or less."""
    cell = cell_pixels(config)
    return vision_settings(
        config, whole_frame(config), columns=min(DEFAULT_COLUMNS, config.array.columns // cell),
        rows=min(DEFAULT_ROWS, config.array.rows // cell), channels=3 if cell == 2 else 1,
        vision=config.vision)


def array_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration; none without an array."""
    if config.npu is None:
        return []
    return [*_verdict(config), *_programs(config), *_vision(config)]


def _verdict(config: DieConfig) -> list[Register]:
    return [
        Register(name="verdict", address=0x3500,
                 sentence="The array computes the combined frame and gives its verdict on virtual "
                          "channel 2.",
                 fields=(Field(name="send", lsb=0, sentence="With every combined frame.",
                               values=((0, "not computed"), (1, "computed and sent"))),)),
        Register(name="network_input", address=0x3516,
                 sentence="What the array looks at, on virtual channel 3.",
                 fields=(Field(name="send", lsb=0, sentence="With every verdict.",
                               values=((0, "not sent"), (1, "sent row by row"))),)),
        Register(name="network_output", address=0x3517,
                 sentence="The scores of all classes, on virtual channel 3.",
                 fields=(Field(name="send", lsb=0, sentence="With every verdict.",
                               values=((0, "not sent"), (1, "sent"))),)),
        Register(name="verdict_hold", address=0x3501, storage=Storage.IMMEDIATE,
                 sentence="What the window verdict_bytes shows.",
                 fields=(Field(name="hold", lsb=0, sentence="One verdict, to be read as a whole.",
                               values=((0, "the last one"), (1, "what it shows now"))),)),
        Register(name="verdict_deadline", address=0x3502, width_bytes=2,
                 storage=Storage.IMMEDIATE, unit=f"{DEADLINE_UNIT_CYCLES} pixel clocks",
                 reset=default_deadline(config),
                 sentence="From the last pixel of a frame to the moment at which its verdict is "
                          "given as late. The frame end waits for the verdict."),
        Register(name="interrupt_classes", address=0x3504, width_bytes=2,
                 storage=Storage.IMMEDIATE, bits=SCORES,
                 sentence="Classes that raise the interrupt pin, one bit each."),
        Register(name="interrupt_score", address=0x3506, storage=Storage.IMMEDIATE, bits=8,
                 reset=0x80, unit="two's complement",
                 sentence="Least score of the class that raises the interrupt pin."),
        Register(name="interrupt_status", address=0x3507, access=Access.WRITE_ONE_TO_CLEAR,
                 storage=Storage.STATUS, sentence="State of the interrupt pin.",
                 fields=(Field(name="raised", lsb=0,
                               sentence="A verdict has asked for it since it was cleared."),)),
        Register(name="verdict_flags", address=0x3078, access=Access.READ_ONLY,
                 storage=Storage.STATUS, sentence="Whether the last verdict has a class.",
                 fields=(Field(name="valid", lsb=0, sentence="It has."),
                         Field(name="late", lsb=1, sentence="No result by the deadline."),
                         Field(name="overrun", lsb=2, sentence="Rows came too fast."),
                         Field(name="incomplete", lsb=3, sentence="Rows of the frame were lost."),
                         Field(name="not_run", lsb=4, sentence="The array was not ready."))),
        Register(name="verdict_class", address=0x3079, access=Access.READ_ONLY,
                 storage=Storage.STATUS, reset=NO_CLASS,
                 sentence=f"Class of the last verdict; {NO_CLASS} without one."),
        Register(name="verdict_score", address=0x307A, access=Access.READ_ONLY,
                 storage=Storage.STATUS, unit="two's complement",
                 sentence="Score of that class; zero without one."),
    ]


def _programs(config: DieConfig) -> list[Register]:
    banks = config.npu.program_banks if config.npu else 1
    return [
        Register(name="program_bank", address=0x3508, storage=Storage.IMMEDIATE, bits=1,
                 maximum=banks - 1, unit="",
                 sentence="Memory to which program bytes go, and from which they are loaded."),
        Register(name="program_control", address=0x3509, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS, sentence="Commands for the program memory.",
                 fields=(Field(name="restart", lsb=0,
                               sentence="The next byte is the first one; always reads as zero."),
                         Field(name="load", lsb=1,
                               sentence="Checks the program, then takes it over between two "
                                        "frames; reads as one until that has been done.")),
                 note="While it loads, bytes and commands are ignored."),
        Register(name="program_status", address=0x350A, access=Access.READ_ONLY,
                 storage=Storage.STATUS, sentence="State of the programs.",
                 fields=(Field(name="loaded", lsb=0, sentence="The array holds one."),
                         Field(name="refused", lsb=1,
                               sentence="The last one that was loaded is damaged or too large; "
                                        "the one before stays."),
                         Field(name="has_signature", lsb=2,
                               sentence="The array can be tested with it."),
                         Field(name="test_given_up", lsb=3,
                               sentence="The last test of the array did not end before the next "
                                        "frame began."))),
        Register(name="program_bytes", address=0x350C, width_bytes=4, bits=24,
                 access=Access.READ_ONLY, storage=Storage.STATUS, unit="bytes",
                 sentence="Bytes received since the restart."),
        Register(name="program_model", address=0x3510, width_bytes=4, access=Access.READ_ONLY,
                 storage=Storage.STATUS, unit="",
                 sentence="Identity of the program in the array."),
        Register(name="golden_inferences", address=0x3514, width_bytes=2, access=Access.READ_ONLY,
                 storage=Storage.STATUS, unit="",
                 sentence="Tests of the array that have ended since the reset, modulo 65536."),
    ]


def _vision(config: DieConfig) -> list[Register]:
    defaults = default_vision(config)
    table = (
        ("column_start", 0x3520, 2, 13, "pixels", "First column of what the network sees; even "
         "under a colour filter."),
        ("row_start", 0x3522, 2, 12, "pixels", "First row of it."),
        ("cells_x", 0x3524, 2, 13, "cells", "Its width in cells of 2 x 2 pixels; in pixels on a "
         "die without a colour filter."),
        ("cells_y", 0x3526, 2, 12, "cells", "Its height."),
        ("columns", 0x3528, 1, 8, "", "Width of the network's input."),
        ("rows", 0x3529, 1, 8, "", "Height of the network's input."),
        ("rgb", 0x352A, 1, 1, "", "Three channels instead of one."),
        ("reciprocal_shift", 0x352B, 1, 5, "bits", "Exponent of the reciprocal."),
        ("reciprocal", 0x352C, 4, 18, "2^-(17 + vision_reciprocal_shift)",
         "Reciprocal of the number of cells."))
    registers = [
        Register(name=f"vision_{name}", address=address, width_bytes=width, bits=bits, unit=unit,
                 reset=defaults[name], sentence=sentence, storage=Storage.IMMEDIATE,
                 note="Waits for vision_apply.")
        for name, address, width, bits, unit, sentence in table]
    return [*registers, Register(
        name="vision_apply", address=0x3530, access=Access.SELF_CLEARING, storage=Storage.STATUS,
        sentence="Takes over all vision registers together, for the next frame.",
        fields=(Field(name="apply", lsb=0, sentence="Always reads as zero."),))]
