# SPDX-License-Identifier: Apache-2.0
"""Pixels into the row buffer, four at a time; a row enters whole or not at all."""

from typing import Any

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import DataFormat, adopted_settings, settings_of
from ..pixel import OutputPixels, RowTag
from .formats import GROUP_PIXELS
from .link_pixels import PIXEL_BITS
from .row_descriptor import RowGroup

__all__ = ["CollectedRow", "RowCollector", "row_buffer_words"]


def row_buffer_words(config: DieConfig) -> int:
    """Groups of four pixels that the row buffer holds."""
    return config.csi2.row_buffer_rows * config.array.columns // GROUP_PIXELS


class CollectedRow(data.Struct):
    """How a row ended."""

    tag: RowTag
    frame_last: 1
    data_format: DataFormat
    line_sync: 1
    groups: 12
    stored: 1


class RowCollector(wiring.Component):
    """Gathers groups of four justified pixels and writes them into a slot of the buffer.

    Never stalls its input. A row is stored only if ``may_store`` was high at its first beat and
    it is no longer than the array is wide; otherwise its slot is used again by the next one.

    Latency: two clocks from a row's last beat to ``ended``. Throughput: ``lanes`` pixels per
    clock, always.

    Members
    -------
    pixels : In(stream of OutputPixels(lanes)), always ready
        Of `LinkPixels`.
    settings : In(adopted_settings)
    may_store : In(1)
        A slot is free for a row that begins now.
    write_enable, write_address, write_group : Out
        Write port of the row memory.
    began : Out(1), began_tag : Out(RowTag)
        Strobe after a row's first beat, not before the previous row's ``ended`` has acted.
    ended : Out(1), row : Out(CollectedRow)
        Strobe after a row's last group is written.
    accept : In(1)
        With ``ended``: the row keeps its slot.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "pixels": In(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
            "settings": In(adopted_settings(config)),
            "may_store": In(1),
            "write_enable": Out(1),
            "write_address": Out(range(row_buffer_words(config))),
            "write_group": Out(RowGroup),
            "began": Out(1),
            "began_tag": Out(RowTag),
            "ended": Out(1),
            "row": Out(CollectedRow),
            "accept": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.lanes
        slot_groups = self.config.array.columns // GROUP_PIXELS
        beats = GROUP_PIXELS // lanes

        # Stage 1: the beat, and the format of its frame.
        beat = self.pixels.payload
        own: Any = settings_of(m, self.settings, beat.tag.frame, "data_format", "line_sync")
        justified = Signal(data.ArrayLayout(PIXEL_BITS, lanes), reset_less=True)
        justified_valid, justified_last = Signal(), Signal(reset_less=True)
        row = Signal(CollectedRow, reset_less=True)
        at_start, first = Signal(init=1), Signal(reset_less=True)
        m.d.sync += [
            justified.eq(beat.values),
            justified_valid.eq(self.pixels.valid),
            justified_last.eq(beat.line_last),
            first.eq(at_start),
        ]
        with m.If(self.pixels.valid):
            m.d.sync += [
                at_start.eq(beat.line_last),
                row.tag.eq(beat.tag),
                row.frame_last.eq(beat.frame_last),
                row.data_format.eq(own.data_format),
                row.line_sync.eq(own.line_sync),
            ]
        m.d.sync += [
            self.began.eq(justified_valid & first),
            self.began_tag.eq(row.tag),
        ]

        # Stage 2: groups.
        storing, stores = Signal(), Signal()
        index = Signal(range(slot_groups + 1))
        base, next_base = (Signal(range(row_buffer_words(self.config))) for _ in range(2))
        position = Signal(range(beats))
        group = Signal(RowGroup, reset_less=True)
        group_complete, first_index = Signal(), Signal.like(index)
        m.d.comb += [
            stores.eq(Mux(first, self.may_store, storing)),
            first_index.eq(Mux(first, 0, index)),
            group_complete.eq(justified_valid & ((position == beats - 1) | justified_last)),
        ]
        m.d.sync += [self.write_enable.eq(0), self.ended.eq(0)]
        with m.If(justified_valid):
            for beat_index in range(beats):
                with m.If(position == beat_index):
                    m.d.sync += [group.values[beat_index * lanes + lane].eq(justified[lane])
                                 for lane in range(lanes)]
            m.d.sync += [
                position.eq(Mux(group_complete, 0, position + 1)),
                storing.eq(stores),
                index.eq(first_index),
            ]
        with m.If(group_complete):
            fits = first_index != slot_groups
            m.d.sync += [
                self.write_enable.eq(stores & fits),
                self.write_address.eq(next_base + first_index),
                index.eq(first_index + fits),
                storing.eq(stores & fits),
                self.ended.eq(justified_last),
                self.row.stored.eq(stores & fits),
                self.row.groups.eq(first_index + 1),
                self.row.tag.eq(row.tag),
                self.row.frame_last.eq(row.frame_last),
                self.row.data_format.eq(row.data_format),
                self.row.line_sync.eq(row.line_sync),
            ]
        m.d.comb += self.write_group.eq(group)

        # The next row may begin in the very clock in which this one keeps its slot.
        m.d.comb += next_base.eq(base)
        with m.If(self.ended & self.accept):
            at_top = base == slot_groups * (self.config.csi2.row_buffer_rows - 1)
            m.d.comb += next_base.eq(Mux(at_top, 0, base + slot_groups))
        m.d.sync += base.eq(next_base)
        return m
