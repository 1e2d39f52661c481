# SPDX-License-Identifier: Apache-2.0
"""Registers of faults, with a sentence for each of them."""

from ..control.faults import HARMFUL_FAULTS, Fault
from .definition import Access, Field, Register, Storage

__all__ = ["fault_registers"]


def fault_registers() -> list[Register]:
    """All faults since they were cleared, and which of them raise the error pin."""
    sentences = {
        Fault.CONVERSION_OVERRUN: "A ramp was due while the converters were busy.",
        Fault.READ_OVERRUN: "A conversion ended before the previous row had been read.",
        Fault.BOND_UNREPAIRABLE: "A group of columns has more broken bonds than spares.",
        Fault.BOND_REPAIRED: "At least one group of columns uses its spare bond.",
        Fault.SYNC_DURING_FRAME: "A sync pulse came before a new frame was allowed.",
        Fault.SETTINGS_CLAMPED: "A frame was planned with a setting at its limit.",
        Fault.LINE_BUFFER_OVERFLOW: "A row found no free line buffer.",
        Fault.ROW_MISMATCH: "Captures of a row did not meet.",
        Fault.ROW_BUFFER_OVERFLOW: "The link is too slow: pixels were lost before packing.",
        Fault.LINE_TOO_SHORT: "The line ended before its list of row events.",
        Fault.OUTPUT_TORN: "An uncombined frame began within a combined one.",
        Fault.FLICKER_MAP_OVERFLOW: "The link has no time for the flicker map: rows were lost.",
        Fault.DEAD_ROW: "A row is dark while its neighbours are lit.",
        Fault.COLUMN_LIMIT: "A column is dead, or its comparator stuck.",
        Fault.DEFECT_LIST_INVALID: "The list of defects is wrong, or an entry came too late.",
        Fault.DEFECT_ROWS_COLLIDED: "A frame began before the one before was corrected.",
        Fault.COMPANDING_TABLE_INVALID: "A companding table is not monotone or does not sum.",
        Fault.EXPOSURE_RATIO_OVERFLOW: "Exposures are too far apart for the linear scale.",
        Fault.VERDICT_WITHHELD: "A frame's verdict has no class; its flags say why.",
        Fault.VERDICT_LOST: "The link has no time for verdicts: one was lost.",
        Fault.PROGRAM_REFUSED: "A program is damaged or does not fit the array.",
        Fault.VISION_OVERFLOW: "The network's front end could not keep up.",
        Fault.CCI_CODE_WRONG: "A write with a wrong packet error code was dropped.",
        Fault.SPI_BLOCK_REFUSED: "A block on the SPI port was damaged or out of turn: dropped.",
        Fault.SAFETY: "A safety mechanism has found something: see safety_status.",
        Fault.TENSOR_LOST: "The network's input or output was not sent as a whole.",
    }
    fields = tuple(Field(name=fault.name.lower(), lsb=fault.value, sentence=sentences[fault])
                   for fault in Fault)
    return [
        Register(name="fault_status", address=0x3010, width_bytes=4, fields=fields,
                 access=Access.WRITE_ONE_TO_CLEAR, storage=Storage.STATUS,
                 sentence="Faults since they were last cleared.",
                 note="A fault that is raised again while it is cleared stays set."),
        Register(name="fault_mask", address=0x3014, width_bytes=4, fields=fields,
                 storage=Storage.IMMEDIATE, reset=HARMFUL_FAULTS,
                 sentence="Faults that raise the error pin."),
    ]
