# SPDX-License-Identifier: Apache-2.0
"""A colour for every place of the raster."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from . import colours
from .layout import CELL_PIXELS, PICTURE_MODES, PictureLayout, PictureState
from .raster import RasterPlace

__all__ = ["FRAME_PIXELS", "SCREEN_LATENCY_CYCLES", "Beam", "Screen"]

SCREEN_LATENCY_CYCLES = 3
"""Of which the line buffer and the text take the first two."""
FRAME_PIXELS = 4
"""Width of what is drawn in the colour of the verdict."""


class Beam(data.Struct):
    """What a monitor gets in a clock."""

    blue: 8
    green: 8
    red: 8
    visible: 1
    column_sync: 1
    row_sync: 1


class _Beside(data.Struct):
    track: 1
    of_verdict: 1


class Screen(wiring.Component):
    """Pictures with their marks, text, a frame in the colour of the verdict and a bar as long as
    its score. Runs in the pixel clock; latency `SCREEN_LATENCY_CYCLES`.

    Parameters
    ----------
    layout : PictureLayout

    Members
    -------
    place : In(RasterPlace), state : In(PictureState)
    parity : Out(1), combined : Out(1), column : Out
        Of the line buffer, whose answer is ``level``, ``mark``.
    dot, upper, lower : In(1)
        Of `TextLines`.
    shown : In(2)
        Whether there is a frame of the capture, and a combined one.
    beam : Out(Beam)
    """

    def __init__(self, layout: PictureLayout):
        self.layout = layout
        super().__init__({
            "place": In(RasterPlace(layout.timing)), "state": In(PictureState),
            "parity": Out(1), "combined": Out(1), "column": Out(range(layout.array.columns)),
            "level": In(8), "mark": In(1), "dot": In(1), "upper": In(1), "lower": In(1),
            "shown": In(2), "beam": Out(Beam),
        })

    def elaborate(self, platform):
        m = Module()
        layout, place, state, beam = self.layout, self.place, self.state, self.beam
        full = state.mode != PICTURE_MODES.SPLIT
        right = place.column >= layout.middle

        # Where the picture is read: a pixel of the sensor is `repeats` + 1 of the screen.
        repeats = Mux(full, 2 * layout.scale - 1, layout.scale - 1)
        repeat = Signal(range(2 * layout.scale))
        in_columns = (place.column >= layout.left) & (place.column < layout.right)
        in_rows = ((place.row >= Mux(full, layout.top(full=True), layout.top(full=False)))
                   & (place.row < Mux(full, layout.bottom(full=True), layout.bottom(full=False))))
        inside = Signal()
        begins = (place.column == layout.left) | (~full & (place.column == layout.middle))
        with m.If(begins):
            m.d.sync += [self.column.eq(0), repeat.eq(0)]
        with m.Elif(repeat == repeats):
            m.d.sync += [self.column.eq(self.column + 1), repeat.eq(0)]
        with m.Else():
            m.d.sync += repeat.eq(repeat + 1)
        m.d.sync += [
            self.combined.eq(Mux(full, state.mode != PICTURE_MODES.CAPTURE, right)),
            self.parity.eq(place.row[0]), inside.eq(in_columns & in_rows),
        ]

        beside, is_right = self._beside(m, full), Signal(2)
        m.d.sync += is_right.eq(Cat(right, is_right))

        # A clock later the line buffer has answered.
        combined, there = Signal(), Signal()
        m.d.sync += [combined.eq(self.combined),
                     there.eq(inside & Mux(self.combined, self.shown[1], self.shown[0]))]
        marked = self.mark & combined & state.marked & (state.mode != PICTURE_MODES.VERDICT)
        dim = state.mode == PICTURE_MODES.FLICKER_MAP
        darkened = full & (self.upper | self.lower)
        drawn = Signal(24)
        m.d.comb += drawn.eq(colours.BACKGROUND)
        with m.If(there):
            parts = Mux(marked, Cat(C(0, 8), self.level >> 1, C(colours.MARK, 8)),
                        Mux(dim, self.level >> 1, self.level).replicate(3))
            m.d.comb += drawn.eq(Mux(darkened, Cat(
                (parts >> 8 * part + 2)[:6] | C(0, 8) for part in range(3)), parts))
        with m.If(beside.track):
            m.d.comb += drawn.eq(colours.TRACK)
        with m.If(beside.of_verdict):
            m.d.comb += drawn.eq(self._verdict_colour())
        with m.If(self.dot):
            m.d.comb += drawn.eq(Mux(self.lower & ~is_right[-1] & state.fault,
                                     colours.FAULT, colours.TEXT))
        m.d.sync += Cat(beam.blue, beam.green, beam.red).eq(drawn)
        for name in ("visible", "column_sync", "row_sync"):
            before = Signal(2, name=name)
            m.d.sync += [before.eq(Cat(place[name], before)), beam[name].eq(before[-1])]
        return m

    def _beside(self, m: Module, full: Value):
        """What is drawn beside the pictures, two clocks late."""
        layout, place, state = self.layout, self.place, self.state
        timing, width = layout.timing, FRAME_PIXELS
        column, row = place.column, place.row
        around = ((row < width) | (row >= timing.rows - width)
                  | (column < width) | (column >= timing.columns - width))
        top, bottom = layout.top(full=False), layout.bottom(full=False)
        along = (((row >= top - width) & (row < top))
                 | ((row >= bottom) & (row < bottom + width)))
        of_right = (column >= layout.middle) & (column < layout.right)
        cell = Mux(full, layout.verdict_cell(full=True), layout.verdict_cell(full=False)) + 1
        in_bar = (row >> (CELL_PIXELS - 1).bit_length() == cell) & ~row[3]
        along_bar = Signal(max(len(column), 10))
        m.d.comb += along_bar.eq(column - layout.middle - CELL_PIXELS)
        in_track = in_bar & (along_bar < 256)
        # The score in offset binary.
        in_score = in_track & state.has_verdict & (along_bar <= state.score ^ 0x80)
        stages = [Signal(_Beside, name=f"beside_{stage}") for stage in range(2)]
        m.d.sync += [
            stages[0].track.eq(in_track),
            stages[0].of_verdict.eq(in_score | Mux(full, around, along & of_right)),
            stages[1].eq(stages[0]),
        ]
        return stages[1]

    def _verdict_colour(self) -> Value:
        state = self.state
        return Mux(state.has_verdict, Array(C(colour, 24) for colour in colours.CLASSES)[
            state.class_number[:3]], colours.NO_VERDICT)
