# SPDX-License-Identifier: Apache-2.0
"""What the link carries for each pixel: its value or that of a test pattern, left-justified."""

from functools import reduce
from operator import or_
from typing import Any

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import ColourFilter, DieConfig
from ..control.frame_settings import (
    TEST_COLOURS,
    DataFormat,
    Pattern,
    adopted_settings,
    settings_of,
)
from ..pixel import OutputPixels
from ..stream.delay import delayed
from .formats import pixel_bits, select_by_format
from .pn9 import PN9_START, advance, bits_ahead, state_after

__all__ = ["PIXEL_BITS", "LinkPixels", "fade_rows_log2", "half_bar_columns"]

PIXEL_BITS = 24
"""A justified pixel; a format takes as many of its upper bits as it has."""
TEST_DATA_BITS = 16
_BARS = {"red": 1, "greenr": 2, "greenb": 2, "blue": 0}
"""Which bit of a bar's number is 0 where the bar has the colour: white, yellow, cyan, green,
magenta, red, blue and black are 0 to 7."""
_COLOURS = {ColourFilter.RGGB: 0b00, ColourFilter.GRBG: 0b01, ColourFilter.GBRG: 0b10,
            ColourFilter.BGGR: 0b11, ColourFilter.MONO: 0b00}
"""Parity of the row, then of the column, of the first red pixel."""
_AT = {(0, 0): "red", (0, 1): "greenr", (1, 0): "greenb", (1, 1): "blue"}


def half_bar_columns(config: DieConfig) -> int:
    """A sixteenth of the array's width, rounded down to whole beats."""
    return max(config.array.columns // 16 // config.lanes, 1) * config.lanes


def fade_rows_log2(config: DieConfig) -> int:
    """The largest power of two of rows that the array has."""
    return config.array.rows.bit_length() - 1


class LinkPixels(wiring.Component):
    """Left-justifies pixels as their format wants them, or puts a test pattern in their place.

    Patterns are those of CCS, in the coordinates and with the colours of the frame that is sent:
    they replace what every other room has made of the scene, and the array, the flicker map and
    the statistics still see that. Latency: 4 clocks. Throughput: ``lanes`` pixels per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of OutputPixels), always ready
    settings : In(adopted_settings)
    o : Out(stream of OutputPixels), always ready
        Values are `PIXEL_BITS` wide.
    """

    latency_cycles = 4

    def __init__(self, config: DieConfig):
        self.config = config
        pixels = stream.Signature(OutputPixels(config.lanes), always_ready=True)
        super().__init__({"i": In(pixels), "settings": In(adopted_settings(config)),
                          "o": Out(pixels)})

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.lanes
        # Clock 1: the beat, and what its frame wants.
        beat = Signal(OutputPixels(lanes), reset_less=True)
        valid, at_start, first = Signal(), Signal(init=1), Signal(reset_less=True)
        own: Any = settings_of(
            m, self.settings, self.i.payload.tag.frame, "test_pattern", "data_format",
            "flip_columns", "flip_rows", "test_data")
        wanted = Signal(Pattern, reset_less=True)
        chosen_format = Signal(DataFormat, reset_less=True)
        flips = Signal(2, reset_less=True)
        test_data = Signal(data.ArrayLayout(TEST_DATA_BITS, len(TEST_COLOURS)), reset_less=True)
        m.d.sync += [
            valid.eq(self.i.valid), beat.eq(self.i.payload), first.eq(at_start),
            wanted.eq(own.test_pattern), chosen_format.eq(own.data_format),
            flips.eq(Cat(own.flip_columns, own.flip_rows)), test_data.eq(own.test_data),
        ]
        with m.If(self.i.valid):
            m.d.sync += at_start.eq(self.i.payload.line_last)

        # Clock 2: each candidate, right-justified but for the bars. Clock 3: one of them, and how
        # far it has to be shifted; clock 4: shifted.
        fades = Signal()
        m.d.comb += fades.eq(wanted == Pattern.FADE)
        bars, solid = self._colours(m, valid, first, beat.tag.row, fades, flips, test_data)
        random = self._sequences(m, at_start, own.data_format, valid, beat.tag.capture,
                                 chosen_format)
        late_beat, late_wanted, late_format = (
            delayed(m, value, 1, name=f"late_{name}")
            for name, value in (("beat", beat), ("wanted", wanted), ("format", chosen_format)))
        one_hot = {pattern: late_wanted == pattern for pattern in Pattern}
        plain = ~Cat(one_hot[pattern] for pattern in Pattern if pattern is not Pattern.NONE).any()
        is_bars = one_hot[Pattern.BARS] | one_hot[Pattern.FADE]
        shifts = Signal(range(PIXEL_BITS), reset_less=True)
        with m.Switch(late_format):
            for data_format in DataFormat:
                bits = pixel_bits(data_format)
                with m.Case(data_format):
                    m.d.sync += shifts.eq(
                        Mux(is_bars, 0, PIXEL_BITS - Mux(
                            plain, max(12, bits),
                            Mux(one_hot[Pattern.SOLID], min(TEST_DATA_BITS, bits), bits))))
        chosen = Signal(data.ArrayLayout(PIXEL_BITS, lanes), reset_less=True)
        for lane in range(lanes):
            m.d.sync += chosen[lane].eq(reduce(or_, (
                Mux(selected, value, 0) for selected, value in (
                    (plain, late_beat.values[lane]), (one_hot[Pattern.SOLID], solid[lane]),
                    (is_bars, bars[lane]), (one_hot[Pattern.PN9], random[lane])))))
        out = self.o.payload
        shifted = Signal.like(chosen, reset_less=True)
        amounts = {0} | {PIXEL_BITS - bits for data_format in DataFormat
                         for bits in (pixel_bits(data_format),
                                      min(TEST_DATA_BITS, pixel_bits(data_format)))}
        for lane in range(lanes):
            m.d.sync += shifted[lane].eq(reduce(or_, (
                Mux(shifts == amount, (chosen[lane] << amount)[:PIXEL_BITS], 0)
                for amount in sorted(amounts))))
        m.d.comb += [
            self.o.valid.eq(delayed(m, valid, 3, name="valid", reset_less=False)),
            out.eq(delayed(m, late_beat, 2, name="out_beat")),
            out.values.eq(shifted),
        ]
        return m

    def _colours(self, m: Module, valid, first, row, fades, flips, test_data) -> tuple[list, list]:
        """Bars, left-justified, and the solid colour of each lane."""
        lanes = self.config.lanes
        # Which half of a bar this beat lies in, and the parity of its first column.
        beats = half_bar_columns(self.config) // lanes
        within, half = Signal(range(beats)), Signal(4)
        odd, here_odd = Signal(), Signal()
        here_within, here_half = Signal.like(within), Signal.like(half)
        m.d.comb += [here_within.eq(Mux(first, 0, within)), here_half.eq(Mux(first, 0, half)),
                     here_odd.eq(~first & odd)]
        with m.If(valid):
            ends = here_within == beats - 1
            m.d.sync += [within.eq(Mux(ends, 0, here_within + 1)), half.eq(here_half + ends),
                         odd.eq(~here_odd if lanes == 1 else 0)]

        # From full or none to half of it, in steps of two rows: the right half in steps of 16.
        rows_log2 = fade_rows_log2(self.config)
        step = row[1:rows_log2]
        coarse = Cat(C(0, min(3, len(step))), step[3:])
        fade = Signal(PIXEL_BITS)
        m.d.comb += fade.eq(Mux(fades, Mux(here_half[0], coarse, step), 0)
                            << PIXEL_BITS - rows_log2)
        return self._lanes(m, here_half[1:], here_odd, row[0], fade, flips, test_data)

    def _lanes(self, m: Module, bar, odd, odd_row, fade, flips, test_data) -> tuple[list, list]:
        colours = _COLOURS[self.config.array.colour_filter]
        if self.config.array.colour_filter is ColourFilter.MONO:
            flipped = C(0, 2)
        else:
            flipped = flips
        # A mirrored frame has the bars in the other order.
        number = bar ^ flips[0].replicate(3)
        red_row = ~(odd_row ^ flipped[1] ^ (colours >> 1))
        bars, solid = [], []
        for lane in range(self.config.lanes):
            column = (odd if self.config.lanes == 1 else C(lane & 1, 1)) ^ flipped[0] ^ (
                colours & 1)
            first_column = ~column[0]
            is_colour = {name: (red_row if position[0] == 0 else ~red_row)
                         & (first_column if position[1] == 0 else ~first_column)
                         for position, name in _AT.items()}
            has_colour = Cat(is_colour[name] & ~number[bit] for name, bit in _BARS.items()).any()
            value = Signal(PIXEL_BITS, reset_less=True, name=f"bar_{lane}")
            data_value = Signal(TEST_DATA_BITS, reset_less=True, name=f"solid_{lane}")
            m.d.sync += [
                value.eq(Mux(has_colour, ~fade, fade)),
                data_value.eq(reduce(or_, (Mux(is_colour[name], test_data[index], 0)
                                           for index, name in enumerate(TEST_COLOURS)))),
            ]
            bars.append(value)
            solid.append(data_value)
        return bars, solid

    def _sequences(self, m: Module, at_start, next_format, valid, capture, data_format) -> list:
        """PN9 of each lane, right-justified; it goes on from row to row of a channel.

        What a row begins with is looked up a clock before its first beat is worked on; if the row
        before was of the same channel, that has just been working.
        """
        lanes, channels = self.config.lanes, len(self.config.captures)
        tag, last_capture = self.i.payload.tag, Signal(2, reset_less=True)
        is_first_row, begins = tag.row == 0, Signal(reset_less=True)
        m.d.sync += begins.eq(at_start & (is_first_row | (tag.capture != last_capture)))
        with m.If(self.i.valid):
            m.d.sync += last_capture.eq(tag.capture)
        places = []
        for lane in range(lanes):
            kept = Signal(data.ArrayLayout(len(f"{PN9_START:b}"), channels), reset_less=True,
                          name=f"kept_{lane}")
            begin, state = (Signal(9, name=f"{name}_{lane}", reset_less=True)
                            for name in ("begin", "state"))
            here, following = (Signal(9, name=f"{name}_{lane}") for name in ("here", "following"))
            start = Signal(9, name=f"start_{lane}")
            select_by_format(m, next_format, start,
                             lambda chosen, lane=lane: state_after(lane * pixel_bits(chosen)))
            select_by_format(m, data_format, following,
                             lambda chosen, here=here: advance(here, lanes * pixel_bits(chosen)))
            m.d.comb += here.eq(Mux(begins, begin, state))
            m.d.sync += begin.eq(Mux(is_first_row, start, kept[tag.capture]))
            with m.If(valid):
                m.d.sync += [state.eq(following), kept[capture].eq(following)]
            value = Signal(PIXEL_BITS, reset_less=True, name=f"sequence_{lane}")
            m.d.sync += value.eq(bits_ahead(here, PIXEL_BITS))
            places.append(value)
        return places
