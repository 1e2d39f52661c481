# SPDX-License-Identifier: Apache-2.0
"""Where in the array the pixels of an active row lie."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import Skip

__all__ = ["ColumnPosition"]


class ColumnPosition(wiring.Component):
    """Counts through an active row in array columns: region of interest, skipping, flip.

    ::

        start 8, skip TWO_OF_FOUR          8  9 12 13 16 17 20 21
        the same with flip_columns        21 20 17 16 13 12  9  8

    Follows the rules of the settings guard: ``column_start`` is even, whole colour pairs are read,
    and their number fills whole beats. Latency `latency_cycles`, one beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    valid : In(1)
        A beat of an active row, shielded columns left out.
    line_last : In(1)
        Valid with a beat.
    column_start, column_end : In(13), column_skip : In(Skip), flip_columns : In(1)
        As in `FrameSettings`; valid with a beat, the same for all beats of a row.
    columns : Out(one per lane)
        Array columns, from 0, of the beat `latency_cycles` clocks before.
    """

    latency_cycles = 3

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "valid": In(1), "line_last": In(1),
            "column_start": In(13), "column_end": In(13),
            "column_skip": In(Skip), "flip_columns": In(1),
            "columns": Out(data.ArrayLayout(range(config.array.columns), config.lanes)),
        })

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.lanes
        pair_shape = range(self.config.array.columns // 2)
        pairs = [Signal(pair_shape, name=f"pair_{n}", reset_less=True)
                 for n in range(max(1, lanes // 2))]
        width = len(pairs[0])

        at_start = Signal(init=1)
        with m.If(self.valid):
            m.d.sync += at_start.eq(self.line_last)

        # First clock: the region's width in pairs.
        beat_1, first_1, flip_1 = Signal(), Signal(), Signal(reset_less=True)
        start, span = Signal(width, reset_less=True), Signal(width, reset_less=True)
        stride = Signal(3, reset_less=True)
        m.d.sync += [
            beat_1.eq(self.valid), first_1.eq(at_start), flip_1.eq(self.flip_columns),
            start.eq(self.column_start[1:]),
            span.eq(self.column_end[1:] - self.column_start[1:]),
        ]
        with m.Switch(self.column_skip):
            for skip in Skip:
                with m.Case(skip):
                    m.d.sync += stride.eq(1 << skip.value)

        # Second clock: the pair that leaves first, which under flip is the last one read.
        beat_2, first_2, flip_2 = Signal(), Signal(), Signal(reset_less=True)
        base = Signal(width, reset_less=True)
        step = Signal(signed(4), reset_less=True)
        m.d.sync += [
            beat_2.eq(beat_1), first_2.eq(first_1), flip_2.eq(flip_1),
            base.eq(start + Mux(flip_1, span & ~(stride - 1), 0)),
            step.eq(Mux(flip_1, -stride, stride)),
        ]

        # Third clock: count.
        second = Signal(reset_less=True)
        advance = Signal()
        m.d.comb += advance.eq((second != flip_2) if lanes == 1 else 1)
        with m.If(beat_2):
            m.d.sync += second.eq(Mux(first_2 | (lanes > 1), flip_2, ~second))
            for n, pair in enumerate(pairs):
                with m.If(first_2):
                    m.d.sync += pair.eq(base + n * step)
                with m.Elif(advance):
                    m.d.sync += pair.eq(pair + len(pairs) * step)
        for lane in range(lanes):
            m.d.comb += self.columns[lane].eq(Cat(second ^ (lane % 2), pairs[lane // 2]))
        return m
