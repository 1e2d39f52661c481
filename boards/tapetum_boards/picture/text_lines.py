# SPDX-License-Identifier: Apache-2.0
"""Four captions over the picture."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from tapetum.config import DieConfig

from .font import CAPTION_CHARACTERS, FIRST_CHARACTER, FONT_PLACE, TEXT_BYTES, Caption, text_memory
from .layout import CELL_PIXELS, PICTURE_MODES, PictureLayout, PictureState
from .raster import RasterPlace

__all__ = ["TEXT_LATENCY_CYCLES", "TextLines"]

TEXT_LATENCY_CYCLES = 2


class TextLines(wiring.Component):
    """Headings above the two halves, state and verdict below them, each from the second cell on.

    A memory holds captions and the font; a letter and its dots are fetched while the cell before it
    is shown. Latency: `TEXT_LATENCY_CYCLES`.

    Parameters
    ----------
    config : DieConfig
    layout : PictureLayout
    pixel_domain : str

    Members
    -------
    place : In(RasterPlace), state : In(PictureState)
        In ``pixel_domain``.
    dot : Out(1), upper : Out(1), lower : Out(1)
        A dot of a letter; whether this is the line of the headings, or the one below.
    write : In(1), write_address : In, write_data : In(8)
        In ``sync``.
    """

    def __init__(self, config: DieConfig, layout: PictureLayout, pixel_domain: str = "pixel"):
        self.config, self.layout, self.pixel_domain = config, layout, pixel_domain
        super().__init__({
            "place": In(RasterPlace(layout.timing)), "state": In(PictureState),
            "dot": Out(1), "upper": Out(1), "lower": Out(1),
            "write": In(1), "write_address": In(range(TEXT_BYTES)), "write_data": In(8),
        })

    def elaborate(self, platform):
        m = Module()
        layout, place, state = self.layout, self.place, self.state
        pixel = m.d[self.pixel_domain]
        m.submodules.text = text = Memory(shape=8, depth=TEXT_BYTES,
                                          init=list(text_memory(self.config)))
        write, read = text.write_port(), text.read_port(domain=self.pixel_domain)
        m.d.comb += [write.addr.eq(self.write_address), write.data.eq(self.write_data),
                     write.en.eq(self.write)]

        full = state.mode != PICTURE_MODES.SPLIT
        cell_row = place.row >> (CELL_PIXELS - 1).bit_length()
        upper, lower = (cell_row == Mux(full, cell(full=True), cell(full=False))
                        for cell in (layout.heading_cell, layout.verdict_cell))
        column = Signal(len(place.column))
        m.d.comb += column.eq(place.column - layout.left)
        in_cell, cell = column[:4], column[4:]
        half_cells = (layout.middle - layout.left) // CELL_PIXELS
        right = cell >= half_cells
        number = Signal(max(len(cell), 4))
        m.d.comb += number.eq(Mux(right, cell - half_cells, cell))

        letter = Signal(8, reset_less=True)
        dots, next_dots = Signal(8, reset_less=True), Signal(8, reset_less=True)
        with m.If(in_cell < 4):
            m.d.comb += read.addr.eq(Cat(number[:4], self._caption(right, lower)))
        with m.Else():
            m.d.comb += read.addr.eq(
                Cat(place.row[1:4], (letter - FIRST_CHARACTER)[:6]) | FONT_PLACE)
        with m.If(in_cell == 2):
            pixel += letter.eq(read.data)
        with m.If(in_cell == 6):
            pixel += next_dots.eq(Mux(number < min(CAPTION_CHARACTERS, half_cells - 1),
                                      read.data, 0))
        with m.If(in_cell == CELL_PIXELS - 1):
            pixel += dots.eq(next_dots)
        with m.Elif(in_cell[0]):
            pixel += dots.eq(dots << 1)
        # The first cell of each half stays empty: its letter would be fetched in another line.
        is_first = (cell == 0) | (cell == half_cells) | (place.column < layout.left)
        dot = Signal()
        pixel += [dot.eq(dots[-1] & (upper | lower) & ~is_first), self.dot.eq(dot),
                  self.upper.eq(upper), self.lower.eq(lower)]
        return m

    def _caption(self, right: Signal, lower: Signal) -> Value:
        state = self.state
        verdict = Mux(state.has_verdict,
                      Mux(state.class_number < 16, state.class_number, Caption.OTHER_CLASS),
                      Caption.NO_VERDICT)
        capture = Caption.CAPTURES + state.capture
        is_split = state.mode == PICTURE_MODES.SPLIT
        of_capture = is_split | (state.mode == PICTURE_MODES.CAPTURE)
        heading = Mux(right, Mux(is_split, Caption.COMBINED,
                                 Mux(state.mode == PICTURE_MODES.FLICKER_MAP, Caption.FLICKER_MAP,
                                     Caption.BLANK)),
                      Mux(of_capture, capture, Caption.COMBINED))
        below = Mux(right, verdict, Mux(state.fault, Caption.FAULT, Caption.NO_FAULT))
        return Mux(lower, below, heading)
