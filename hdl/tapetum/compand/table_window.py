# SPDX-License-Identifier: Apache-2.0
"""What the host sees of companding tables: one to edit, and those that are in the slots."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed
from .tables import (
    BUILT_IN_TABLES,
    END_OF_TABLE,
    PROGRAMMABLE_SLOTS,
    SEGMENT_CAPACITY,
    segment_words,
)

__all__ = ["EDITED_PAGE", "TableWindow"]

EDITED_PAGE = 7
WORD_BYTES = 4


class TableWindow(wiring.Component):
    """A window of bytes on 64 segments: always writes the edited table, shows the one asked for.

    ::

        shown   0 … 4           5, 6               7
                built in, ROM   as programmed      edited  ◄── write
                                     ▲ keep           │ word
                                     └── TableLoader ◄┘

    Words are big-endian: width_log2 in the first byte, step in the other three; 0xFF instead of a
    width ends the table. A word changes as a whole, with the write of its last byte.

    Members
    -------
    address : In(8), write : In(1), write_data : In(8)
        Byte within the window.
    read_data : Out(8)
        The byte at ``address``, two cycles later.
    shown : In(3)
        Slot whose table is read; `EDITED_PAGE` is the table being edited.
    locked : In(1)
        The host's writes are ignored.
    index : In(6), word : Out(32)
        Segment of the edited table, two cycles later.
    keep : In(1), keep_second : In(1), keep_index : In(6), keep_word : In(32)
        Shows a segment in the first or second programmable slot; only while ``locked``.
    """

    def __init__(self):
        index = range(SEGMENT_CAPACITY)
        super().__init__({
            "address": In(range(SEGMENT_CAPACITY * WORD_BYTES)), "write": In(1),
            "write_data": In(8), "read_data": Out(8),
            "shown": In(3), "locked": In(1),
            "index": In(index), "word": Out(32),
            "keep": In(1), "keep_second": In(1), "keep_index": In(index), "keep_word": In(32),
        })

    def elaborate(self, platform):
        m = Module()
        built_in = [word for table in BUILT_IN_TABLES for word in segment_words(table)]
        pages = len(PROGRAMMABLE_SLOTS) + 1
        m.submodules.built_in = rom = memory.Memory(shape=32, depth=len(built_in), init=built_in)
        m.submodules.words = words = memory.Memory(
            shape=32, depth=pages * SEGMENT_CAPACITY,
            init=[END_OF_TABLE] * (pages * SEGMENT_CAPACITY))
        original, shown, edited = rom.read_port(), words.read_port(), words.read_port()
        write = words.write_port()
        edited_page = pages - 1

        # Pages of the memory: the programmable slots, then the edited table.
        byte, index = self.address[:2], self.address[2:]
        earlier_bytes = Signal(24, reset_less=True)
        with m.If(self.write):
            m.d.sync += earlier_bytes.eq(Cat(self.write_data, earlier_bytes[:16]))
        with m.If(self.locked):
            m.d.comb += [
                write.addr.eq(Cat(self.keep_index, self.keep_second)),
                write.data.eq(self.keep_word),
                write.en.eq(self.keep),
            ]
        with m.Else():
            m.d.comb += [
                write.addr.eq(edited_page * SEGMENT_CAPACITY + index),
                write.data.eq(Cat(self.write_data, earlier_bytes)),
                write.en.eq(self.write & (byte == WORD_BYTES - 1)),
            ]
        m.d.comb += [
            edited.addr.eq(edited_page * SEGMENT_CAPACITY + self.index),
            original.addr.eq(Cat(index, self.shown)),
            shown.addr.eq(Cat(index, (self.shown - PROGRAMMABLE_SLOTS[0])[:2])),
        ]

        original_word, shown_word = (Signal(32, reset_less=True, name=name)
                                     for name in ("original_word", "shown_word"))
        m.d.sync += [
            original_word.eq(original.data),
            shown_word.eq(shown.data),
            self.word.eq(edited.data),
        ]
        is_built_in = Signal()
        m.d.comb += is_built_in.eq(self.shown < len(BUILT_IN_TABLES))
        read_byte = delayed(m, byte, 2, name="read_byte")
        m.d.comb += self.read_data.eq(
            Mux(delayed(m, is_built_in, 2, name="is_built_in"), original_word, shown_word)
            .word_select(~read_byte, 8))
        return m
