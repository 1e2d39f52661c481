# SPDX-License-Identifier: Apache-2.0
"""Walks a monitor's raster."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from .video_timing import VideoTiming

__all__ = ["Raster", "RasterPlace"]


class RasterPlace(data.StructLayout):
    """Where the beam is.

    Members
    -------
    column, row : beyond the picture they go on counting
    visible : 1
    column_sync, row_sync : 1
        Levels of the two sync wires.
    line_first, frame_first : 1
        First clock of a line or of a frame, visible or not.
    """

    def __init__(self, timing: VideoTiming):
        super().__init__({
            "column": range(timing.total_columns), "row": range(timing.total_rows),
            "visible": 1, "column_sync": 1, "row_sync": 1, "line_first": 1, "frame_first": 1,
        })


class Raster(wiring.Component):
    """Gives the next place in every clock; runs in the pixel clock.

    Parameters
    ----------
    timing : VideoTiming

    Members
    -------
    place : Out(RasterPlace)
        Begins with the first visible pixel after a reset.
    """

    def __init__(self, timing: VideoTiming):
        self.timing = timing
        # No pulse that a monitor could take for one, before the first line begins.
        resting = not timing.sync_is_high
        super().__init__({"place": Out(RasterPlace(timing), init={
            "column_sync": resting, "row_sync": resting})})

    def elaborate(self, platform):
        m = Module()
        timing = self.timing
        column, row = Signal(range(timing.total_columns)), Signal(range(timing.total_rows))
        with m.If(column == timing.total_columns - 1):
            m.d.sync += [column.eq(0),
                         row.eq(Mux(row == timing.total_rows - 1, 0, row + 1))]
        with m.Else():
            m.d.sync += column.eq(column + 1)

        def pulse(count: Signal, start: int, length: int) -> Value:
            inside = (count >= start) & (count < start + length)
            return inside if timing.sync_is_high else ~inside

        place = self.place
        m.d.sync += [
            place.column.eq(column), place.row.eq(row),
            place.visible.eq((column < timing.columns) & (row < timing.rows)),
            place.column_sync.eq(pulse(column, timing.columns + timing.column_front_porch,
                                       timing.column_sync)),
            place.row_sync.eq(pulse(row, timing.rows + timing.row_front_porch,
                                    timing.row_sync)),
            place.line_first.eq(column == 0),
            place.frame_first.eq((column == 0) & (row == 0)),
        ]
        return m
