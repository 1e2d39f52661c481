# SPDX-License-Identifier: Apache-2.0
"""Registers of what leaves as a picture: which, in how many bits, marked where it flickers."""

from ..compand.table_window import EDITED_PAGE
from ..compand.tables import BUILT_IN_TABLES, PROGRAMMABLE_SLOTS
from ..config import DieConfig
from ..control.frame_settings import FrameSettings
from .definition import Access, Field, Register, Storage

__all__ = ["picture_registers"]


def picture_registers(config: DieConfig) -> list[Register]:
    """Output, companding, flicker."""
    return [*_output(config), *_companding(), *_flicker(config)]


def _output(config: DieConfig) -> list[Register]:
    captures = tuple(Field(name=capture.name.lower(), lsb=index,
                           sentence=f"Convert capture {capture.name}.")
                     for index, capture in enumerate(config.captures))
    return [
        Register(name="capture_mask", address=0x3000, fields=captures, minimum=1,
                 reset=(1 << len(captures)) - 1,
                 sentence="Captures to convert in every row.",
                 limits="zero acts as one and is flagged"),
        Register(name="output_mode", address=0x3001,
                 sentence="What the link carries.",
                 fields=(Field(name="uncombined", lsb=0,
                               sentence="Each capture on its own virtual channel.",
                               values=((0, "combined frame"), (1, "every capture"))),)),
        Register(name="flicker_map", address=0x3007, reset=1,
                 sentence="The map of flickering pixels, a bit each, on virtual channel 1.",
                 fields=(Field(name="send", lsb=0, sentence="With every combined frame.",
                               values=((0, "not sent"), (1, "sent"))),)),
        Register(name="companding_table", address=0x3002,
                 sentence="Table that brings 24 bits to those of the data format.",
                 fields=(Field(name="table", lsb=0, bits=2, sentence="Which table.",
                               values=((0, "octaves"),
                                       (1, "OX03C10, in formats of up to 12 bits"),
                                       (2, "the programmed one, in formats of its bits"),
                                       (3, "octaves"))),),
                 note="Where the chosen table has other bits than the format, octaves act."),
        Register(name="linear_pedestal", address=0x3003, reset=config.hdr.pedestal_lsb,
                 unit="linear LSB", sentence="Value of black in the combined linear frame."),
        Register(name="frame_number", address=0x3004, width_bytes=2, access=Access.READ_ONLY,
                 storage=Storage.STATUS, unit="frames",
                 sentence="Number of the last frame that was planned, modulo 65536."),
        Register(name="settings_status", address=0x3006, access=Access.READ_ONLY,
                 storage=Storage.STATUS, sentence="State of the settings last written.",
                 fields=(Field(name="clamped", lsb=0,
                               sentence="At least one is out of range and acts as its limit."),
                         Field(name="pending", lsb=1,
                               sentence="They are held or being checked; no frame has them."))),
    ]


def _companding() -> list[Register]:
    slots = ", ".join(f"{slot} is {table.name}" for slot, table in enumerate(BUILT_IN_TABLES))
    first, second = PROGRAMMABLE_SLOTS
    return [
        Register(name="companding_load", address=0x3060, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS,
                 sentence="Checks the edited table and takes it over, if it is one.",
                 fields=(Field(name="start", lsb=0,
                               sentence="Reads as one until that has been done."),),
                 note="Frames under way keep their table; it may have to wait for them."),
        Register(name="companding_bits", address=0x3061, bits=5, reset=12, unit="bits",
                 storage=Storage.IMMEDIATE, minimum=12, maximum=20,
                 sentence="Bits of what the edited table gives.",
                 limits="a table of any other number of bits is refused"),
        Register(name="companding_shown", address=0x3062, bits=3, reset=EDITED_PAGE,
                 storage=Storage.IMMEDIATE,
                 sentence="Table that the window companding_segments shows.",
                 limits=f"{slots}; {first} and {second} are programmed in turns; "
                        f"{EDITED_PAGE} is the edited one"),
        Register(name="companding_slot", address=0x3064, bits=3, access=Access.READ_ONLY,
                 storage=Storage.STATUS,
                 sentence="Table of the last frame that was planned, as companding_shown counts; "
                          "7 where there is none."),
        Register(name="companding_status", address=0x3063, access=Access.READ_ONLY,
                 storage=Storage.STATUS, sentence="What came of the last load.",
                 fields=(Field(name="refused", lsb=0,
                               sentence="The table does not rise or does not fill its range."),)),
    ]


def _flicker(config: DieConfig) -> list[Register]:
    defaults = FrameSettings.defaults(config)
    return [
        Register(name="flicker_enable", address=0x3050, reset=defaults["flicker_enable"],
                 sentence="What happens to pixels whose captures differ by more than noise.",
                 fields=(Field(name="enable", lsb=0,
                               sentence="Mark them, and prefer the flicker capture in them."),)),
        Register(name="flicker_capture", address=0x3051, bits=2,
                 reset=defaults["flicker_capture"], maximum=len(config.captures) - 1,
                 sentence="Capture that integrates a whole period of pulsed light: "
                          + ", ".join(f"{index} is {capture.name}"
                                      for index, capture in enumerate(config.captures)) + ".",
                 limits="larger values act as the last one and are flagged"),
        Register(name="agreement_tolerance", address=0x3052, bits=4, unit="bits",
                 reset=defaults["tolerance_log2"],
                 sentence="Captures agree if they differ by less than 2^-n of their value; noise "
                          "comes on top."),
        Register(name="flicker_count", address=0x3054, width_bytes=4, bits=24,
                 access=Access.READ_ONLY, storage=Storage.STATUS, unit="pixels",
                 sentence="Pixels of the last whole frame that were marked as flickering."),
        Register(name="clipped_count", address=0x3058, width_bytes=4, bits=24,
                 access=Access.READ_ONLY, storage=Storage.STATUS, unit="pixels",
                 sentence="Pixels of the last whole frame in which every capture is saturated."),
    ]
