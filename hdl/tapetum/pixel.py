# SPDX-License-Identifier: Apache-2.0
"""Every payload that travels between rooms.

Flags are inside the payload: ``line_last`` on the last beat of a row, ``frame_last`` on the last
beat of a capture's (or, after combination, the frame's) last active row. Lane 0 is the leftmost
pixel of a beat. Streams are `amaranth.lib.stream`.
"""

from amaranth.lib import data, enum

__all__ = ["AlignedPixels", "CodePixels", "KnownPixels", "LinearPixels", "OutputPixels",
           "RampCommand", "RampKind", "RowControl", "RowKind", "RowReadBack", "RowTag",
           "ShutterControl", "ShutterReadBack", "corrected_bits"]


class RowKind(enum.Enum, shape=2):
    """What a row is good for."""

    ACTIVE = 0
    OPTICAL_BLACK = 1
    TEST = 2


class RampKind(enum.Enum, shape=1):
    """Level that a ramp measures; the difference is the correlated double sample."""

    RESET = 0
    SIGNAL = 1


class RowTag(data.Struct):
    """Travels with every beat.

    ``row`` counts from 0 in order of output within its kind; ``array_row`` is its address within
    the rows of its kind, which differs under region of interest, skipping and flip.
    """

    frame: 16
    row: 12
    array_row: 12
    capture: 2
    row_kind: RowKind


class RowControl(data.Struct):
    """Lines of the row being read; ``physical_row`` counts test, optical-black, active rows."""

    physical_row: 12
    select: 1
    reset: 1
    transfer_large: 1
    transfer_small: 1
    high_gain: 1


class ShutterControl(data.Struct):
    """A pulse of ``reset`` empties one photodiode of ``physical_row``: its exposure begins."""

    physical_row: 12
    reset: 1


class RowReadBack(data.Struct):
    """What became of `RowControl`, from the far end of the rows.

    ``row`` is the OR of the numbers of all selected rows, ``row_inverted`` that of their
    complements: both 0 if none is selected. The others are the levels that reach a row.
    """

    row: 12
    row_inverted: 12
    reset: 1
    transfer_large: 1
    transfer_small: 1
    high_gain: 1


class ShutterReadBack(data.Struct):
    """What became of `ShutterControl`: the rows that the last pulse emptied, as in `RowReadBack`.

    ``pulses`` changes with every pulse. All are 0 after a reset.
    """

    row: 12
    row_inverted: 12
    pulses: 1


class RampCommand(data.Struct):
    """Start a ramp; ``frame_last`` marks the last active row of this capture in its frame."""

    kind: RampKind
    frame_last: 1
    tag: RowTag


def corrected_bits(config) -> int:
    """Width of a corrected code: ADC bits plus fraction."""
    return config.adc.bits + config.hdr.fraction_bits


class CodePixels(data.StructLayout):
    """One beat of a converted row, from `adc` (``bits`` wide codes) or `correct`.

    Codes are unsigned and hold a pedestal: ``config.adc.pedestal_codes`` is black, in units of
    2**-fraction_bits codes after correction. A saturated conversion is all ones.
    ``optical_black`` marks beats from shielded columns, which come first in each row.
    """

    def __init__(self, lanes: int, bits: int):
        self.lanes, self.bits = lanes, bits
        super().__init__({
            "codes": data.ArrayLayout(bits, lanes),
            "optical_black": 1,
            "line_last": 1,
            "frame_last": 1,
            "tag": RowTag,
        })


class AlignedPixels(data.StructLayout):
    """The same pixels in all captures: ``codes[capture][lane]``, valid where ``present``.

    ``tag.capture`` is the one that arrived last and means nothing downstream.
    """

    def __init__(self, captures: int, lanes: int, bits: int):
        self.captures, self.lanes, self.bits = captures, lanes, bits
        super().__init__({
            "codes": data.ArrayLayout(data.ArrayLayout(bits, lanes), captures),
            "present": captures,
            "line_last": 1,
            "frame_last": 1,
            "tag": RowTag,
        })


class KnownPixels(data.StructLayout):
    """A beat of the test frame, which enters the combination as `AlignedPixels` do."""

    def __init__(self, captures: int, lanes: int, bits: int):
        self.captures, self.lanes, self.bits = captures, lanes, bits
        super().__init__({
            "codes": data.ArrayLayout(data.ArrayLayout(bits, lanes), captures),
            "present": captures,
        })


class LinearPixels(data.StructLayout):
    """Combined pixels on the 24-bit linear scale, pedestal kept (``hdr.pedestal_lsb``).

    ``clipped`` marks lanes in which every present capture is saturated, ``flicker`` those whose
    captures disagree by more than noise: pulsed light, or motion.
    """

    def __init__(self, lanes: int):
        self.lanes = lanes
        super().__init__({
            "values": data.ArrayLayout(24, lanes),
            "clipped": lanes,
            "flicker": lanes,
            "line_last": 1,
            "frame_last": 1,
            "tag": RowTag,
        })


class OutputPixels(data.StructLayout):
    """What `csi2` packs: right-aligned values, as wide as the frame's data format says.

    For RAW8 and RAW10 values are 12 bit wide and lose their low bits in packing.
    ``tag.capture`` is the virtual channel of an uncombined frame, 0 of a combined one.
    """

    def __init__(self, lanes: int):
        self.lanes = lanes
        super().__init__({
            "values": data.ArrayLayout(24, lanes),
            "line_last": 1,
            "frame_last": 1,
            "tag": RowTag,
        })
