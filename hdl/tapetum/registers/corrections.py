# SPDX-License-Identifier: Apache-2.0
"""Registers of corrections, and what they have found."""

from ..config import DieConfig
from ..control.frame_settings import COLOURS
from ..correct.amplify import UNITY_GAIN
from ..correct.switches import CORRECTIONS
from ..pixel import corrected_bits
from .definition import Access, Field, Register, Storage

__all__ = ["correction_registers"]


def correction_registers(config: DieConfig) -> list[Register]:
    """Switches, gains, defects, black levels."""
    return [*_corrections(config), *_black_levels(config)]


def _corrections(config: DieConfig) -> list[Register]:
    sentences = {
        "column": "Column offset and gain.",
        "black_level": "Black level of each capture and colour.",
        "row_noise": "Row noise, as the optical-black columns show it.",
        "digital_gain": "Digital gain of each colour and capture.",
        "lens_shading": "Lens shading.",
        "defects_dynamic": "Defective pixels that stand out from their neighbours.",
        "defects_listed": "Pixels in the list of defects.",
    }
    fields = tuple(Field(name=name, lsb=index, sentence=sentences[name],
                         values=((0, "bypassed"), (1, "on")))
                   for index, name in enumerate(CORRECTIONS))
    return [
        Register(name="correction_enable", address=0x3030, fields=fields,
                 reset=sum(field.mask for field in fields if field.name != "lens_shading"),
                 sentence="Corrections of every capture.",
                 note="Lens shading is off until its grid has been written."),
        Register(name="row_noise_strength", address=0x3031, bits=5, reset=16, maximum=16,
                 unit="1/16", limits="larger values act as 16 and are flagged",
                 sentence="Share of the row noise that is subtracted."),
        *(Register(name=f"digital_gain_{colour}", address=0x3288 + 2 * index, width_bytes=2,
                   reset=UNITY_GAIN, unit="1/256",
                   sentence=f"Digital gain of {name} pixels in every capture.")
          for index, (colour, name) in enumerate(zip(COLOURS, (
              "green in red rows", "red", "blue", "green in blue rows"), strict=True))),
        Register(name="column_calibration", address=0x3032, storage=Storage.IMMEDIATE,
                 sentence="Learning of column offsets and gains.",
                 fields=(Field(name="freeze", lsb=0, sentence="Estimates stay as they are.",
                               values=((0, "learning"), (1, "held"))),)),
        Register(name="column_restart", address=0x3033, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS,
                 sentence="Forgets the estimates of columns and learns them anew.",
                 fields=(Field(name="restart", lsb=0, sentence="Always reads as zero."),)),
        Register(name="defect_list_entries", address=0x3034, width_bytes=2, bits=13,
                 storage=Storage.IMMEDIATE, unit="entries",
                 maximum=config.correct.defect_list_entries,
                 sentence="Entries of the list of defects that count.",
                 limits="more than the list holds makes it invalid"),
        *(Register(name=f"capture_{index}_corrected_defects", address=0x3038 + 2 * index,
                   width_bytes=2, access=Access.READ_ONLY, storage=Storage.STATUS, unit="pixels",
                   sentence=f"Defects replaced in the last whole frame of {capture.name}; 65535 "
                            "are that or more.")
          for index, capture in enumerate(config.captures)),
    ]


def _black_levels(config: DieConfig) -> list[Register]:
    fraction = config.hdr.fraction_bits
    return [
        Register(name=f"capture_{index}_black_level_{phase}",
                 address=0x3400 + 16 * index + 4 * phase, width_bytes=4,
                 bits=corrected_bits(config), access=Access.READ_ONLY, storage=Storage.STATUS,
                 unit=f"1/{1 << fraction} ADC code",
                 sentence=f"Black level of {capture.name} in {place}.")
        for index, capture in enumerate(config.captures)
        for phase, place in enumerate((
            "even rows and even columns", "even rows and odd columns", "odd rows and even columns",
            "odd rows and odd columns"))]
