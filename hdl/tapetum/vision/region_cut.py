# SPDX-License-Identifier: Apache-2.0
"""Cuts the region out of each frame, and notices when a frame does not bring all of it."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import LinearPixels
from .settings import VisionSettings, cell_pixels

__all__ = ["CutPixels", "RegionCut"]


class CutPixels(data.StructLayout):
    """Pixels of a beat; those in ``inside`` belong to the region."""

    def __init__(self, lanes: int):
        super().__init__({"values": data.ArrayLayout(24, lanes), "inside": lanes})


class RegionCut(wiring.Component):
    """Lets the region's pixels through, row by row, and keeps the books of a frame.

    A frame begins with its row 0, or with any row of another frame number; it takes the settings
    that are there then. ``begins`` comes with the region's first pixels. From then on the region's
    rows must follow one another, each whole; at the first that does not the frame is ``lost`` and
    nothing more of it passes. Latency 3 clocks, one beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of LinearPixels), always ready
    settings : In(VisionSettings), active : Out(VisionSettings)
        For the next frame; of the present one.
    abort : In(1)
        Something behind has failed: the frame is lost.
    delivered : In(1)
        Strobe: all of the frame has left the room.
    busy : In(1)
        What is left of a lost frame is still being made up for: one that begins now is lost too.
    o : Out(stream of CutPixels), always ready
        Holds still when nothing of a region passes.
    number : Out(16)
        The present frame, two clocks before it can begin.
    frame : Out(16), begins : Out(1), lost : Out(1)
        Strobes, with their frame. A frame may be lost that never began.
    """

    latency_cycles = 3

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(LinearPixels(config.lanes), always_ready=True)),
            "settings": In(VisionSettings), "active": Out(VisionSettings),
            "abort": In(1), "delivered": In(1), "busy": In(1),
            "o": Out(stream.Signature(CutPixels(config.lanes), always_ready=True)),
            "number": Out(16), "frame": Out(16), "begins": Out(1), "lost": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        lanes, cell = self.config.lanes, cell_pixels(self.config)
        cell_log2 = cell - 1
        beat, active = self.i.payload, self.active

        # First clock: a frame's first beat brings its settings.
        row_first, known, number = Signal(init=1), Signal(), self.number
        column = Signal(13)
        is_new = row_first & ((beat.tag.row == 0) | (beat.tag.frame != number) | ~known)
        values = Signal.like(beat.values, reset_less=True)
        valid, new = Signal(), Signal()
        first, last, ends = (Signal(name=name, reset_less=True)
                             for name in ("first", "last", "ends"))
        row, place = Signal(12, reset_less=True), Signal(13, reset_less=True)
        m.d.sync += [valid.eq(self.i.valid), new.eq(self.i.valid & is_new)]
        with m.If(self.i.valid):
            m.d.sync += [
                row_first.eq(beat.line_last), column.eq(Mux(beat.line_last, 0, column + lanes)),
                first.eq(row_first), last.eq(beat.line_last),
                ends.eq(beat.line_last & beat.frame_last),
                row.eq(beat.tag.row), place.eq(column),
            ]
            with m.If(is_new):
                m.d.sync += [active.eq(self.settings), number.eq(beat.tag.frame), known.eq(1)]
            with m.If(active.enable | (is_new & self.settings.enable)):
                m.d.sync += values.eq(beat.values)

        # Second: where the beat lies.
        row_end, column_end = Signal(13), Signal(14)
        m.d.comb += [row_end.eq(active.row_start + (active.cells_y << cell_log2)),
                     column_end.eq(active.column_start + (active.cells_x << cell_log2))]
        valid_2, inside_2 = Signal(), Signal(lanes)
        values_2, row_2 = Signal.like(values, reset_less=True), Signal(12, reset_less=True)
        first_2, last_2, ends_2, is_start, is_final, is_after, in_rows, in_order, reaches = (
            Signal(name=name, reset_less=True) for name in (
                "first_2", "last_2", "ends_2", "is_start", "is_final", "is_after", "in_rows",
                "in_order", "reaches"))
        expected, frame = Signal(13, reset_less=True), Signal(16, reset_less=True)
        m.d.sync += valid_2.eq(valid & active.enable)
        with m.If(valid & active.enable):
            m.d.sync += [
                values_2.eq(values), row_2.eq(row), frame.eq(number),
                first_2.eq(first), last_2.eq(last), ends_2.eq(ends),
                is_start.eq(row == active.row_start), is_final.eq(row + 1 == row_end),
                is_after.eq(row > active.row_start), in_order.eq(row == expected),
                in_rows.eq((row >= active.row_start) & (row < row_end)),
                reaches.eq((place | lanes - 1) + 1 >= column_end),
            ]
            for lane in range(lanes):
                here = place | lane
                m.d.sync += inside_2[lane].eq((here >= active.column_start) & (here < column_end))

        # Third: what it means. `owed`: the region has begun and is not yet delivered.
        waiting, running, owed = Signal(), Signal(), Signal()
        meets, begins, runs, row_done, breaks, lost = (Signal(name=name) for name in (
            "meets", "begins_now", "runs", "row_done", "breaks", "lost_now"))
        m.d.comb += [
            meets.eq(valid_2 & waiting & is_start & inside_2.any()),
            begins.eq(meets & ~self.busy), runs.eq(running | begins),
            row_done.eq(last_2 & reaches),
            breaks.eq(valid_2 & Mux(
                runs,
                (first_2 & ~is_start & ~in_order) | (last_2 & ~reaches)
                | (ends_2 & ~(row_done & is_final)),
                waiting & ((first_2 & is_after) | meets | ends_2))),
            lost.eq(breaks | ((waiting | owed) & new) | (owed & self.abort)),
        ]
        with m.If(valid_2 & runs & last_2):
            m.d.sync += [expected.eq(row_2 + 1), running.eq(~is_final)]
        with m.Elif(begins):
            m.d.sync += running.eq(1)
        with m.If(begins):
            m.d.sync += [waiting.eq(0), owed.eq(1)]
        with m.If(self.delivered):
            m.d.sync += owed.eq(0)
        with m.If(lost):
            m.d.sync += [waiting.eq(0), running.eq(0), owed.eq(0)]
        with m.If(new):
            m.d.sync += waiting.eq(active.enable)

        passes = valid_2 & runs & in_rows & inside_2.any() & ~lost
        m.d.sync += [self.begins.eq(begins & ~breaks), self.lost.eq(lost), self.o.valid.eq(passes)]
        with m.If(lost | begins):
            m.d.sync += self.frame.eq(frame)
        with m.If(passes):
            m.d.sync += [self.o.payload.values.eq(values_2), self.o.payload.inside.eq(inside_2)]
        return m
