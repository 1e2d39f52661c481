# SPDX-License-Identifier: Apache-2.0
"""Which rows teach the column correction, and how much each counts."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import CodePixels, RowKind

__all__ = ["MOST_AVERAGED", "ColumnSchedule", "RowLesson", "RowShares"]

MOST_AVERAGED = 7
"""A measurement counts at least 1/2**7."""


class RowLesson(data.Struct):
    """What a row is to the estimates of its capture.

    ``takes_low`` and ``takes_high`` mark the two test levels, ``teaches_offset`` rows from which
    offsets are learnt. ``has_offset`` and ``has_gain`` tell whether the memories hold anything yet.
    """

    has_offset: 1
    has_gain: 1
    takes_low: 1
    takes_high: 1
    teaches_offset: 1


class RowShares(data.Struct):
    """How much the row counts: powers of two, negated; 0 counts fully."""

    offset: 3
    gain: 3


class ColumnSchedule(wiring.Component):
    """Counts the measurements of each capture since the restart.

    The n-th one counts 1/n, rounded up to a power of two, and at least 1/128. Offsets are learnt
    from the first 127 dark rows, and from test rows thereafter: dark rows are many, but hold the
    dark current's own pattern when the die is hot. A capture found hot before that forgets its
    offsets and learns them from test rows at once. ``lesson`` belongs to the row whose first beat
    was seen; it comes 1 clock after it, ``shares`` 2 clocks, and both hold until the next row's.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        Only looked at.
    restart : In(1)
        Strobe: forget. A row under way ends as it began.
    freeze : In(1), is_hot : In(1 per capture)
        Looked at with the first beat of a row. Dark rows left once stay left until a restart.
    lesson : Out(RowLesson), shares : Out(RowShares)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        captures = len(config.captures)
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, config.adc.bits),
                                     always_ready=True)),
            "restart": In(1),
            "freeze": In(1),
            "is_hot": In(captures),
            "lesson": Out(RowLesson),
            "shares": Out(RowShares),
        })

    def elaborate(self, platform):
        m = Module()
        captures = len(self.config.captures)
        enough = (1 << MOST_AVERAGED) - 1
        pixels, lesson = self.i.payload, self.lesson
        offsets_seen = Signal(data.ArrayLayout(MOST_AVERAGED, captures))
        gains_seen = Signal(data.ArrayLayout(MOST_AVERAGED, captures))
        low_seen, dark_left = Signal(captures), Signal(captures)

        capture = pixels.tag.capture
        is_test, is_dark, is_high = Signal(), Signal(), Signal()
        from_dark, forgets = Signal(), Signal()
        has_test_rows = self.config.array.test_rows > 0
        m.d.comb += [
            is_test.eq((pixels.tag.row_kind == RowKind.TEST) & ~self.freeze),
            is_dark.eq((pixels.tag.row_kind == RowKind.OPTICAL_BLACK) & ~self.freeze),
            is_high.eq(pixels.tag.array_row[0] & low_seen.bit_select(capture, 1)),
            forgets.eq(~self.freeze & ~dark_left.bit_select(capture, 1) & has_test_rows
                       & (offsets_seen[capture] != enough)
                       & self.is_hot.bit_select(capture, 1)),
            from_dark.eq(~dark_left.bit_select(capture, 1) & ~forgets),
        ]
        # Of the row under way: whose, and what was seen before it.
        begins, ends, forgotten = Signal(init=1), Signal(), Signal()
        of = Signal.like(capture, reset_less=True)
        offsets = Signal(MOST_AVERAGED, reset_less=True)
        gains = Signal(MOST_AVERAGED, reset_less=True)
        m.d.sync += ends.eq(self.i.valid & pixels.line_last)
        with m.If(self.i.valid):
            m.d.sync += begins.eq(pixels.line_last)
        with m.If(self.i.valid & begins):
            m.d.sync += [
                forgotten.eq(0),
                of.eq(capture),
                offsets.eq(Mux(forgets, 0, offsets_seen[capture])),
                gains.eq(gains_seen[capture]),
                lesson.has_offset.eq((offsets_seen[capture] != 0) & ~forgets),
                lesson.has_gain.eq(gains_seen[capture] != 0),
                lesson.takes_low.eq(is_test & ~pixels.tag.array_row[0]),
                lesson.takes_high.eq(is_test & is_high),
                lesson.teaches_offset.eq(Mux(from_dark, is_dark, is_test & is_high)),
            ]
            with m.If(forgets):
                m.d.sync += dark_left.bit_select(capture, 1).eq(1)
        m.d.sync += [self.shares.offset.eq(self._share(offsets)),
                     self.shares.gain.eq(self._share(gains))]
        with m.If(ends & ~forgotten):
            taught = lesson.teaches_offset & (offsets != enough)
            m.d.sync += offsets_seen[of].eq(offsets + taught)
            with m.If(taught & (offsets == enough - 1) & has_test_rows):
                m.d.sync += dark_left.bit_select(of, 1).eq(1)
            m.d.sync += gains_seen[of].eq(gains + (lesson.takes_high & (gains != enough)))
            with m.If(lesson.takes_low):
                m.d.sync += low_seen.bit_select(of, 1).eq(1)
        with m.If(self.restart):
            m.d.sync += [forgotten.eq(1), low_seen.eq(0), dark_left.eq(0),
                         Value.cast(offsets_seen).eq(0), Value.cast(gains_seen).eq(0)]
        return m

    def _share(self, seen: Value) -> Value:
        """Whole part of the logarithm of ``seen + 1``."""
        successor = (seen + 1)[:MOST_AVERAGED + 1]
        share = Const(0, range(MOST_AVERAGED + 1))
        for exponent in range(1, MOST_AVERAGED + 1):
            share = Mux(successor[exponent:].any(), exponent, share)
        return share
