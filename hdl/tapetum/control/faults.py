# SPDX-License-Identifier: Apache-2.0
"""Everything that can go wrong, each with one sticky bit."""

from enum import IntEnum

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["HARMFUL_FAULTS", "Fault", "FaultCollector"]


class Fault(IntEnum):
    """Bit numbers of the fault register; names are those of the simulation report."""

    CONVERSION_OVERRUN = 0
    """A ramp was due while the converters were busy: that conversion was skipped."""
    READ_OVERRUN = 1
    """A conversion ended before the previous row had left the multiplexer."""
    BOND_UNREPAIRABLE = 2
    """A group of columns has more broken bonds than spares."""
    BOND_REPAIRED = 3
    """At least one group of columns uses its spare bond."""
    SYNC_DURING_FRAME = 4
    """An external sync pulse came before the frame under way allowed a new one."""
    SETTINGS_CLAMPED = 5
    """A setting was out of its range and was brought back to its limit."""
    LINE_BUFFER_OVERFLOW = 6
    """A row arrived for which no line buffer was free."""
    ROW_MISMATCH = 7
    """Captures of a row did not meet: a row is missing."""
    ROW_BUFFER_OVERFLOW = 8
    """The link stalled or is too slow: pixels of a row were lost before packing."""
    LINE_TOO_SHORT = 9
    """The line ended before its list of row events."""
    OUTPUT_TORN = 10
    """An uncombined frame began before the last row of a combined one had left."""
    FLICKER_MAP_OVERFLOW = 11
    """The link has no time for a row of the flicker map: it was lost."""
    DEAD_ROW = 12
    """A row is dark while the rows of the same colours beside it are lit."""
    COLUMN_LIMIT = 13
    """The correction of a column is at its limit: a dead column or a stuck comparator."""
    DEFECT_LIST_INVALID = 14
    """The list of defects is wrong and not used, or an entry came too late for its pixel."""
    DEFECT_ROWS_COLLIDED = 15
    """A frame began before the last rows of the one before had left defect correction."""
    COMPANDING_TABLE_INVALID = 16
    """A companding table does not rise or does not fill its range: the one before stays."""
    EXPOSURE_RATIO_OVERFLOW = 17
    """Exposures are too far apart for the linear scale: a gain is at its limit."""
    VERDICT_WITHHELD = 18
    """A verdict has no class: late, rows lost or too fast, or no program. Its flags say which."""
    VERDICT_LOST = 19
    """The link stood still for two frames: a verdict was lost."""
    PROGRAM_REFUSED = 20
    """A program is damaged or does not fit the array: the one before stays."""
    VISION_OVERFLOW = 21
    """A queue of the network's front end overflowed: the frame is not judged."""
    CCI_CODE_WRONG = 22
    """A write on the two-wire bus had a wrong error code or too many bytes: it was dropped."""
    SPI_BLOCK_REFUSED = 23
    """A block on the SPI port was damaged, torn, too long or out of turn: it was dropped whole."""
    SAFETY = 24
    """A safety mechanism has found something: `safety_status` says which."""
    TENSOR_LOST = 25
    """Rows of the network's input, or its output, were lost on their way to the link."""


HARMFUL_FAULTS = (1 << len(Fault)) - 1 & ~(1 << Fault.BOND_REPAIRED)
"""All but a bond that was repaired."""


class FaultCollector(wiring.Component):
    """Sticky fault bits.

    Members
    -------
    raised : In(len(Fault))
        One bit per fault, high for at least one cycle.
    clear : In(len(Fault))
        Clears a bit, unless it is raised again in the same cycle.
    mask : In(len(Fault))
        Faults that raise ``error``; by default those that lose or falsify data, which a repaired
        bond does not.
    faults : Out(len(Fault))
    error : Out(1)
    """

    raised: In(len(Fault))
    clear: In(len(Fault))
    mask: In(len(Fault), init=HARMFUL_FAULTS)
    faults: Out(len(Fault))
    error: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.faults.eq((self.faults & ~self.clear) | self.raised)
        m.d.comb += self.error.eq((self.faults & self.mask).any())
        return m
