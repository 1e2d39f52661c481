# SPDX-License-Identifier: Apache-2.0
"""Results into a row memory, a word of bytes at a time; a row enters whole or not at all."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .result_row import ResultBeat, ResultRow, ResultStore

__all__ = ["ResultCollector"]


class ResultCollector(wiring.Component):
    """Packs bits, the first one in bit 0, and stores them; rows end with zeros up to a whole byte.

    Never stalls its input. A row that begins while no slot is free, that is longer than a slot or
    that was abandoned is dropped as a whole. Every row that is kept is announced in ``rows``; if
    the last row of a frame is dropped, its end is announced all the same.

    Latency: three clocks from a row's last beat to its announcement. Throughput: a beat per clock,
    always.

    Parameters
    ----------
    store : ResultStore

    Members
    -------
    i : In(stream of ResultBeat), always ready
    write_enable, write_address, write_word : Out
        Write port of the row memory.
    rows : Out(stream of ResultRow)
        Must never wait: of rows there are no more than slots, of ends no more than rows.
    released : In(stream of 1)
        One beat for each slot that is free again.
    overflow : Out(1)
        Pulse for each row that was lost here, which an abandoned one was before.
    """

    def __init__(self, store: ResultStore):
        self.store = store
        super().__init__({
            "i": In(stream.Signature(ResultBeat(store), always_ready=True)),
            "write_enable": Out(1), "write_address": Out(range(store.words)),
            "write_word": Out(8 * store.byte_lanes),
            "rows": Out(stream.Signature(ResultRow(store))),
            "released": In(stream.Signature(1)),
            "overflow": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        store = self.store
        slots, slot_words = store.slots, store.slot_words
        beats = len(self.write_word) // store.beat_bits

        beat = Signal(ResultBeat(store), reset_less=True)
        valid = Signal()
        m.d.sync += [beat.eq(self.i.payload), valid.eq(self.i.valid)]

        # Words: bits go to their place among zeros.
        position = Signal(range(beats))
        word, filled = (Signal(len(self.write_word), name=name) for name in ("word", "filled"))
        complete, last = Signal(), Signal()
        m.d.comb += [
            filled.eq(word),
            filled.word_select(position, store.beat_bits).eq(beat.bits),
            last.eq(valid & beat.line_last),
            complete.eq(valid & (beat.line_last | (position == beats - 1))),
        ]
        with m.If(complete):
            m.d.sync += [position.eq(0), word.eq(0)]
        with m.Elif(valid):
            m.d.sync += [position.eq(position + 1), word.eq(filled)]

        # Rows: a slot is taken with the first beat and kept with the last.
        free_slots = Signal(range(slots + 1), init=slots)
        first, storing = Signal(init=1), Signal()
        stores, fits, accept = Signal(), Signal(), Signal()
        index = Signal(range(slot_words + 1))
        base = Signal(range(store.words))
        m.d.comb += [
            stores.eq(Mux(first, free_slots != 0, storing)),
            fits.eq(index != slot_words),
            accept.eq(last & stores & fits & ~beat.abandoned),
            self.released.ready.eq(1),
        ]
        m.d.sync += [
            free_slots.eq(free_slots + self.released.valid - accept),
            self.write_enable.eq(complete & stores & fits),
            self.write_address.eq(base + index),
            self.write_word.eq(filled),
            self.overflow.eq(last & ~accept & ~beat.abandoned),
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
        row = Signal(ResultRow(store), reset_less=True)
        m.d.comb += [
            ends_alone.eq(last & ~accept & beat.frame_last & is_open),
            self.rows.payload.eq(row),
        ]
        m.d.sync += [
            self.rows.valid.eq(accept | ends_alone),
            row.frame.eq(beat.frame),
            row.kind.eq(beat.kind),
            row.bytes.eq(Cat(position[3 - (store.beat_bits.bit_length() - 1):], index) + 1),
            row.has_row.eq(accept),
            row.frame_end.eq(beat.frame_last),
        ]
        with m.If(accept | ends_alone):
            m.d.sync += is_open.eq(~beat.frame_last)
        return m
