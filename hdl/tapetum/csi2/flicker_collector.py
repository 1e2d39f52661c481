# SPDX-License-Identifier: Apache-2.0
"""Flicker marks into a row memory, a word of bytes at a time; a row enters whole or not at all."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT
from ..pixel import RowTag

__all__ = ["FlickerBits", "FlickerCollector", "FlickerRow", "map_slot_words"]


class FlickerBits(data.StructLayout):
    """One beat of the flicker map: a mark per lane, lane 0 the leftmost pixel."""

    def __init__(self, lanes: int):
        self.lanes = lanes
        super().__init__({"bits": lanes, "line_last": 1, "frame_last": 1, "tag": RowTag})


class FlickerRow(data.Struct):
    """A row of the map that waits in its memory, or the end of a frame without one."""

    frame: 16
    bytes: 11
    has_row: 1
    frame_end: 1


def map_slot_words(config: DieConfig) -> int:
    """Words of ``byte_lanes`` bytes that a row of the map may take."""
    return -(-config.array.columns // (8 * config.csi2.byte_lanes))


class FlickerCollector(wiring.Component):
    """Packs marks, first pixel in bit 0, and stores them; rows end with zeros up to a whole byte.

    Never stalls its input. A row that begins while no slot is free, or that is wider than the
    array, is dropped as a whole. Every row that is kept is announced in ``rows``; if the last row
    of a frame is dropped, its end is announced all the same.

    Latency: three clocks from a row's last beat to its announcement. Throughput: ``lanes`` marks
    per clock, always.

    Members
    -------
    i : In(stream of FlickerBits(lanes)), always ready
    send : In(FRAMES_IN_FLIGHT)
        Bit for each frame in flight, by the low bits of its number: its map is wanted.
    write_enable, write_address, write_word : Out
        Write port of the row memory.
    rows : Out(stream of FlickerRow)
        Must never wait: of rows there are no more than slots, of ends no more than rows.
    released : In(stream of 1)
        One beat for each slot that is free again.
    overflow : Out(1)
        Pulse for each row that was lost.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        words = config.csi2.row_buffer_rows * map_slot_words(config)
        super().__init__({
            "i": In(stream.Signature(FlickerBits(config.lanes), always_ready=True)),
            "send": In(FRAMES_IN_FLIGHT),
            "write_enable": Out(1), "write_address": Out(range(words)),
            "write_word": Out(8 * config.csi2.byte_lanes),
            "rows": Out(stream.Signature(FlickerRow)),
            "released": In(stream.Signature(1)),
            "overflow": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        lanes, slots = self.config.lanes, self.config.csi2.row_buffer_rows
        slot_words = map_slot_words(self.config)
        beats = len(self.write_word) // lanes

        beat = Signal(FlickerBits(lanes), reset_less=True)
        valid = Signal()
        m.d.sync += [
            beat.eq(self.i.payload),
            valid.eq(self.i.valid & self.send.bit_select(self.i.payload.tag.frame[:2], 1)),
        ]

        # Words: marks go to their place among zeros.
        position = Signal(range(beats))
        word, filled = (Signal(len(self.write_word), name=name) for name in ("word", "filled"))
        complete, last = Signal(), Signal()
        m.d.comb += [
            filled.eq(word),
            filled.word_select(position, lanes).eq(beat.bits),
            last.eq(valid & beat.line_last),
            complete.eq(valid & (beat.line_last | (position == beats - 1))),
        ]
        with m.If(complete):
            m.d.sync += [position.eq(0), word.eq(0)]
        with m.Elif(valid):
            m.d.sync += [position.eq(position + 1), word.eq(filled)]

        # Rows: a slot is taken with the first mark and kept with the last.
        free_slots = Signal(range(slots + 1), init=slots)
        first, storing = Signal(init=1), Signal()
        stores, fits, accept = Signal(), Signal(), Signal()
        index = Signal(range(slot_words + 1))
        base = Signal(range(slots * slot_words))
        m.d.comb += [
            stores.eq(Mux(first, free_slots != 0, storing)),
            fits.eq(index != slot_words),
            accept.eq(last & stores & fits),
            self.released.ready.eq(1),
        ]
        m.d.sync += [
            free_slots.eq(free_slots + self.released.valid - accept),
            self.write_enable.eq(complete & stores & fits),
            self.write_address.eq(base + index),
            self.write_word.eq(filled),
            self.overflow.eq(last & ~accept),
        ]
        with m.If(valid):
            m.d.sync += [first.eq(beat.line_last), storing.eq(stores)]
        with m.If(last):
            m.d.sync += index.eq(0)
        with m.Elif(complete & fits):
            m.d.sync += index.eq(index + 1)
        with m.If(accept):
            m.d.sync += base.eq(Mux(base == slot_words * (slots - 1), 0, base + slot_words))

        # The bytes of a frame whose last row was lost end only if they have begun.
        is_open = Signal()
        ends_alone = Signal()
        row = Signal(FlickerRow, reset_less=True)
        m.d.comb += [
            ends_alone.eq(last & ~accept & beat.frame_last & is_open),
            self.rows.payload.eq(row),
        ]
        m.d.sync += [
            self.rows.valid.eq(accept | ends_alone),
            row.frame.eq(beat.tag.frame),
            row.bytes.eq(Cat(position[3 - (lanes.bit_length() - 1):], index) + 1),
            row.has_row.eq(accept),
            row.frame_end.eq(beat.frame_last),
        ]
        with m.If(accept | ends_alone):
            m.d.sync += is_open.eq(~beat.frame_last)
        return m
