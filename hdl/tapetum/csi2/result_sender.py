# SPDX-License-Identifier: Apache-2.0
"""Rows of results into packets of their own virtual channel."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .formats import DataType
from .packets import PacketSource
from .result_row import ResultRow, ResultStore
from .row_descriptor import frame_number

__all__ = ["ResultSender"]


class ResultSender(wiring.Component):
    """Frame start with the first row of a frame, frame end with the last or before another frame.

    A row is in memory before it is announced, so its packet never runs dry; its payload is offered
    two clocks after the descriptor.

    Parameters
    ----------
    store : ResultStore

    Members
    -------
    rows : In(stream of ResultRow)
    read_enable, read_address : Out, read_word : In
        Read port of the row memory: data one clock after the address.
    released : Out(stream of 1)
        One beat for each row that has been sent; is never kept waiting.
    packets : Out(PacketSource(byte_lanes))
    """

    def __init__(self, store: ResultStore):
        self.store = store
        super().__init__({
            "rows": In(stream.Signature(ResultRow(store))),
            "read_enable": Out(1), "read_address": Out(range(store.words)),
            "read_word": In(8 * store.byte_lanes),
            "released": Out(stream.Signature(1)),
            "packets": Out(PacketSource(store.byte_lanes)),
        })

    def elaborate(self, platform):
        m = Module()
        row, descriptors = self.rows.payload, self.packets.descriptors
        word = self.packets.payload
        # As a whole: Verilog's `always @*` waits for ever where a part of a signal is constant.
        data_type, word_count = Signal(DataType), Signal(16)
        start, row_sent = Signal(), Signal()
        self._read(m, start, row_sent)
        m.d.comb += [
            Value.cast(descriptors.payload).eq(
                Cat(data_type, Const(self.store.virtual_channel, 2), word_count)),
            row_sent.eq(word.valid & word.ready & word.payload.last),
            self.released.valid.eq(row_sent),
        ]

        # What is open decides, after each packet anew, what this row needs next.
        is_open, sent, offered = Signal(), Signal(), Signal()
        open_frame = Signal(16, reset_less=True)
        with m.FSM():
            with m.State("DECIDE"):
                with m.If(self.rows.valid):
                    with m.If(is_open & (~row.has_row | (row.frame != open_frame)
                                         | (sent & row.frame_end))):
                        m.next = "FRAME END"
                    with m.Elif(sent | ~row.has_row):
                        m.d.comb += self.rows.ready.eq(1)
                        m.d.sync += sent.eq(0)
                    with m.Elif(is_open):
                        m.d.comb += start.eq(1)
                        m.d.sync += offered.eq(1)
                        m.next = "ROW"
                    with m.Else():
                        m.next = "FRAME START"
            with m.State("FRAME START"):
                m.d.comb += [
                    descriptors.valid.eq(1),
                    data_type.eq(DataType.FRAME_START),
                    word_count.eq(frame_number(row.frame)),
                ]
                with m.If(descriptors.ready):
                    m.d.sync += [is_open.eq(1), open_frame.eq(row.frame)]
                    m.next = "DECIDE"
            with m.State("ROW"):
                m.d.comb += [
                    descriptors.valid.eq(offered),
                    word_count.eq(row.bytes),
                ]
                with m.Switch(row.kind):
                    for kind, sent_as in enumerate(self.store.data_types):
                        with m.Case(kind):
                            m.d.comb += data_type.eq(sent_as)
                with m.If(descriptors.ready):
                    m.d.sync += offered.eq(0)
                with m.If(row_sent):
                    m.d.sync += sent.eq(1)
                    m.next = "DECIDE"
            with m.State("FRAME END"):
                m.d.comb += [
                    descriptors.valid.eq(1),
                    data_type.eq(DataType.FRAME_END),
                    word_count.eq(frame_number(open_frame)),
                ]
                with m.If(descriptors.ready):
                    m.d.sync += is_open.eq(0)
                    m.next = "DECIDE"
        return m

    def _read(self, m: Module, start, row_sent) -> None:
        """Address, memory, output register: all stages move together."""
        byte_lanes, slot_words = self.store.byte_lanes, self.store.slot_words
        last_base = slot_words * (self.store.slots - 1)
        word = self.packets.payload
        words = self.rows.payload.bytes + (byte_lanes - 1) >> byte_lanes.bit_length() - 1
        advance = Signal()
        base = Signal.like(self.read_address)
        address = Signal.like(self.read_address, reset_less=True)
        remaining, running = Signal(11), Signal()
        at_end = remaining == 1
        with m.If(row_sent):
            m.d.sync += base.eq(Mux(base == last_base, 0, base + slot_words))
        with m.If(start):
            m.d.sync += [running.eq(1), address.eq(base), remaining.eq(words)]
        with m.Elif(advance & running):
            m.d.sync += [address.eq(address + 1), remaining.eq(remaining - 1),
                         running.eq(~at_end)]
        fetched_valid, fetched_last = Signal(), Signal(reset_less=True)
        out = Signal(word.payload.shape(), reset_less=True)
        m.d.comb += [
            advance.eq(~word.valid | word.ready),
            self.read_enable.eq(advance), self.read_address.eq(address),
            word.payload.eq(out),
        ]
        with m.If(advance):
            m.d.sync += [
                fetched_valid.eq(running), fetched_last.eq(at_end),
                word.valid.eq(fetched_valid),
                out.bytes.eq(self.read_word), out.last.eq(fetched_last),
            ]
