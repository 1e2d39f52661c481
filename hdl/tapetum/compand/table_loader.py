# SPDX-License-Identifier: Apache-2.0
"""Brings a table that the host wrote into the compander, if it is one."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .table_memory import NEVER, ProgrammedTable, TableWrite
from .table_window import TableWindow
from .tables import END_OF_TABLE, LINEAR_BITS, PROGRAMMABLE_SLOTS, SEGMENT_CAPACITY

__all__ = ["TableLoader"]

WIDTH_BITS = 24 + SEGMENT_CAPACITY.bit_length() - 1
RISE_BITS = 17 + SEGMENT_CAPACITY.bit_length() - 1


class TableLoader(wiring.Component):
    """Checks the edited table as `CompandingTable` does, then writes it into the slot not in use.

    ::

        window ─► check ─► good? ─► wait for the slot ─► write ─► programmed
                             └─ no: table_invalid, nothing has changed

    The two programmable slots take turns. Frames under way keep the table that they were adopted
    with: a load waits as long as one of them needs the slot that is next. From ``load`` to the end
    139 clocks, waiting left out; 69 for a bad table.

    Members
    -------
    window_address : In(8), window_write : In(1), window_write_data : In(8)
        See `TableWindow`; writes are ignored while ``busy``.
    window_read_data : Out(8), shown : In(3)
    load : In(1), output_bits : In(5)
        Strobe: load the edited table as one that ends at ``2**output_bits``. Ignored while
        ``busy``.
    in_use : In(2)
        Programmable slots that a frame in flight needs: `Compander.in_use`.
    busy : Out(1)
    table_invalid : Out(1)
        Pulse: the table was refused.
    refused : Out(1)
        The last load was refused.
    programmed : Out(ProgrammedTable)
        For frames that are adopted from now on.
    write : Out(TableWrite), write_enable : Out(1)
        To the `Compander`.
    """

    def __init__(self):
        super().__init__({
            "window_address": In(range(4 * SEGMENT_CAPACITY)), "window_write": In(1),
            "window_write_data": In(8), "window_read_data": Out(8), "shown": In(3),
            "load": In(1), "output_bits": In(5), "in_use": In(len(PROGRAMMABLE_SLOTS)),
            "busy": Out(1), "table_invalid": Out(1), "refused": Out(1),
            "programmed": Out(ProgrammedTable, init={"second": 1}),
            "write": Out(TableWrite), "write_enable": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.window = window = TableWindow()
        target, output_bits = Signal(), Signal(5, reset_less=True)
        m.d.comb += [
            window.address.eq(self.window_address), window.write.eq(self.window_write),
            window.write_data.eq(self.window_write_data), window.shown.eq(self.shown),
            self.window_read_data.eq(window.read_data),
            window.locked.eq(self.busy),
            target.eq(~self.programmed.second),
        ]

        start, done, is_bad = Signal(), Signal(), Signal()
        writing = Signal()
        width, rise = (Signal(bits, name=name) for name, bits in (
            ("width", WIDTH_BITS), ("rise", RISE_BITS)))
        self._walk(m, window, start, done, width, rise, is_bad, writing, target)

        # Up to 63 may be missing to full scale.
        missing = Signal(signed(RISE_BITS + 1), reset_less=True)
        fills, is_wrong = Signal(reset_less=True), Signal(reset_less=True)
        m.d.sync += [
            missing.eq((1 << output_bits) - rise),
            fills.eq(width == 1 << LINEAR_BITS),
            is_wrong.eq(is_bad | (output_bits < 12) | (output_bits > 20)),
            self.table_invalid.eq(0),
        ]
        with m.FSM():
            with m.State("IDLE"):
                with m.If(self.load):
                    m.d.comb += start.eq(1)
                    m.d.sync += [self.busy.eq(1), output_bits.eq(self.output_bits)]
                    m.next = "CHECK"
            with m.State("CHECK"):
                with m.If(done):
                    m.next = "JUDGE"
            with m.State("JUDGE"):
                with m.If(fills & ~is_wrong & (missing[6:] == 0)):
                    m.next = "WAIT"
                with m.Else():
                    m.d.sync += [self.table_invalid.eq(1), self.refused.eq(1), self.busy.eq(0)]
                    m.next = "IDLE"
            with m.State("WAIT"):
                with m.If(~self.in_use.bit_select(target, 1)):
                    m.d.comb += start.eq(1)
                    m.d.sync += writing.eq(1)
                    m.next = "WRITE"
            with m.State("WRITE"):
                with m.If(done):
                    m.next = "WRITTEN"
            with m.State("WRITTEN"):
                # The last segment has left for the compander's memories.
                m.d.sync += [
                    writing.eq(0), self.busy.eq(0), self.refused.eq(0),
                    self.programmed.is_loaded.eq(1), self.programmed.second.eq(target),
                    self.programmed.output_bits.eq(output_bits),
                ]
                m.next = "IDLE"
        return m

    def _walk(self, m, window, start, done, width, rise, is_bad, writing, target) -> None:
        """All segments, one per clock: read, decoded, added up. ``done``: the sums are complete."""
        walking = Signal()
        index = Signal(range(SEGMENT_CAPACITY))
        m.d.comb += window.index.eq(index)
        with m.If(start):
            m.d.sync += [walking.eq(1), index.eq(0)]
        with m.Elif(walking):
            m.d.sync += [index.eq(index + 1), walking.eq(index != SEGMENT_CAPACITY - 1)]

        # Read: the memory and its register take two clocks.
        fetching, fetched = Signal(), Signal()
        fetching_index, fetched_index = (Signal.like(index, reset_less=True, name=name)
                                         for name in ("fetching_index", "fetched_index"))
        m.d.sync += [
            fetching.eq(walking), fetching_index.eq(index),
            fetched.eq(fetching), fetched_index.eq(fetching_index),
        ]
        segment = data.View(data.StructLayout({"step": 24, "width_log2": 8}), window.word)

        # Decoded. Nothing behind the end counts.
        decoded, ended = Signal(), Signal()
        entry = Signal(data.StructLayout({
            "index": index.shape(), "is_used": 1, "is_bad": 1, "word": 32,
            "width": LINEAR_BITS}), reset_less=True)
        is_used = ~ended & (segment.width_log2 != END_OF_TABLE >> 24)
        m.d.sync += [
            decoded.eq(fetched),
            entry.index.eq(fetched_index),
            entry.is_used.eq(is_used),
            entry.is_bad.eq((segment.width_log2 >= LINEAR_BITS) | segment.step[17:].any()
                            | (segment.step == 0)),
            entry.word.eq(Mux(is_used, window.word, END_OF_TABLE)),
            entry.width.eq(1 << segment.width_log2[:5]),
        ]
        with m.If(start):
            m.d.sync += ended.eq(0)
        with m.Elif(fetched & ~is_used):
            m.d.sync += ended.eq(1)

        # Added up: 64 of the largest widths and steps fit the sums. What goes into the compander is
        # where each segment begins.
        step = entry.word[:17]
        m.d.sync += [
            done.eq(decoded & (entry.index == SEGMENT_CAPACITY - 1)),
            self.write_enable.eq(decoded & writing),
            self.write.slot.eq(PROGRAMMABLE_SLOTS[0] + target),
            self.write.segment.eq(entry.index),
            self.write.before_x.eq(Mux(entry.is_used, (width - 1)[:LINEAR_BITS], NEVER)),
            self.write.record.start_x.eq(width),
            self.write.record.start_y.eq(rise),
            self.write.record.step.eq(step),
            self.write.record.width_log2.eq(entry.word[24:]),
        ]
        with m.If(start):
            m.d.sync += [width.eq(0), rise.eq(0), is_bad.eq(0)]
        with m.Elif(decoded & entry.is_used):
            m.d.sync += [width.eq(width + entry.width), rise.eq(rise + step)]
            with m.If(entry.is_bad):
                m.d.sync += is_bad.eq(1)
        m.d.comb += [
            window.keep.eq(decoded & writing), window.keep_second.eq(target),
            window.keep_index.eq(entry.index), window.keep_word.eq(entry.word),
        ]
