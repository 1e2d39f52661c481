# SPDX-License-Identifier: Apache-2.0
"""What a host wants with a transfer, and whether it gets it."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .block_buffer import BufferEntry
from .framing import CHECK_BYTES, HEADER_BYTES, MOST_BYTES, Command, Refusal, SpiStatus

__all__ = ["Transfers"]

_SHORTEST = HEADER_BYTES + CHECK_BYTES


class Transfers(wiring.Component):
    """Judges every block when its transfer ends, and answers reads as they go on.

    ::

        deaf ─► idle ─► transfer ─► judge ─► decide ─► idle
                (released) (selected)  └ the last byte is in the CRC

    Nothing of a block leaves the buffer before ``accept``, which needs a whole number of bytes, at
    least header and check, at most `MOST_BYTES` between them, the right CRC-32 and the right
    number. After a reset the port is deaf until the host has released the selection.

    Members
    -------
    selected, byte_valid, byte, torn : In; answer : Out(8)
        Of `SpiPins`.
    restart, feed, fed : Out; busy, right : In(1); code : In(8)
        Of `BlockCheck`.
    write : Out(1), written : Out(BufferEntry), accept, refuse : Out(1); full : In(1)
        Of `BlockBuffer`.
    set_high, set_low, fetch : Out(1); fetching : In(1), fetched : In(8)
        Of `BlockWriter`.
    writing : In(1)
        Accepted bytes have not been written yet: nothing is read.
    status : Out(SpiStatus)
    refused : Out(1)
        Pulse: a block was dropped.
    """

    def __init__(self):
        super().__init__({
            "selected": In(1), "byte_valid": In(1), "byte": In(8), "torn": In(1),
            "answer": Out(8),
            "restart": Out(1), "feed": Out(1), "fed": Out(8),
            "busy": In(1), "right": In(1), "code": In(8),
            "write": Out(1), "written": Out(BufferEntry), "accept": Out(1), "refuse": Out(1),
            "full": In(1),
            "set_high": Out(1), "set_low": Out(1), "fetch": Out(1),
            "fetching": In(1), "fetched": In(8),
            "writing": In(1), "status": Out(SpiStatus), "refused": Out(1),
        })
        # Seen by proofs as well. Of a transfer: bytes that came, up to the shortest block's; room
        # for data, or bytes to be read.
        self.index = Signal(range(_SHORTEST + 1))
        self.left = Signal(range(MOST_BYTES + CHECK_BYTES + 1))
        self.writes, self.reads, self.no_room = Signal(), Signal(), Signal()
        self.in_turn = Signal()
        self.goes_on, self.judges, self.decides = Signal(), Signal(), Signal()

    def elaborate(self, platform):
        m = Module()
        status = self.status
        index, left, writes, reads = self.index, self.left, self.writes, self.reads
        no_room, unknown = self.no_room, Signal()
        in_turn, too_long, late = self.in_turn, Signal(), Signal()
        is_header, is_last = Signal(), Signal()
        puts = self.byte_valid & reads & ~is_header
        # Not lower: the first byte of the check follows the last one of data.
        checks = left == 0
        m.d.comb += [
            status.writing.eq(self.writing),
            is_header.eq(index < HEADER_BYTES), is_last.eq(index == HEADER_BYTES - 1),
            self.written.byte.eq(self.byte), self.written.first.eq(index == 2),
            self.fed.eq(Mux(puts, Mux(checks, self.code, self.fetched), self.byte)),
        ]
        m.d.sync += [self.fetch.eq(0), self.refused.eq(0)]

        with m.FSM(init="deaf") as fsm:
            with m.State("deaf"):
                with m.If(~self.selected):
                    m.next = "idle"
            with m.State("idle"):
                m.d.comb += self.restart.eq(1)
                m.d.sync += [index.eq(0), left.eq(MOST_BYTES + CHECK_BYTES), writes.eq(0),
                             reads.eq(0), unknown.eq(0), too_long.eq(0), no_room.eq(0),
                             late.eq(0)]
                with m.If(self.selected):
                    m.d.sync += self.answer.eq(Cat(status.refusal, status.writing))
                    m.next = "transfer"
            with m.State("transfer"):
                with m.If(self.byte_valid):
                    m.d.comb += self.feed.eq(1)
                    m.d.sync += [self.answer.eq(status.number),
                                 index.eq(Mux(index == _SHORTEST, index, index + 1))]
                    with m.Switch(index):
                        with m.Case(0):
                            m.d.sync += [
                                writes.eq(self.byte == Command.WRITE),
                                reads.eq((self.byte == Command.READ) & ~self.writing),
                                unknown.eq((self.byte != Command.WRITE)
                                           & (self.byte != Command.READ)
                                           & (self.byte != Command.STATUS)),
                            ]
                        with m.Case(1):
                            m.d.sync += in_turn.eq(self.byte == status.number)
                            with m.If(reads):
                                m.d.sync += left.eq(Cat(self.byte, self.byte == 0))
                        with m.Case(2):
                            m.d.comb += [self.write.eq(writes), self.set_high.eq(reads)]
                        with m.Case(3):
                            m.d.comb += [self.write.eq(writes), self.set_low.eq(reads)]
                            m.d.sync += self.fetch.eq(reads)
                        with m.Default():
                            m.d.comb += self.write.eq(writes & ~checks)
                            m.d.sync += [left.eq(Mux(checks, 0, left - 1)),
                                         too_long.eq(too_long | checks)]
                    with m.If(self.write & self.full):
                        m.d.sync += no_room.eq(1)
                    with m.If(puts):
                        # A byte that comes late must not be taken for the right one.
                        m.d.sync += [
                            late.eq(late | self.fetching), self.fetch.eq(left[1:].any()),
                            self.answer.eq(Mux(checks, self.code ^ (~late).replicate(8),
                                               self.fetched)),
                        ]
                with m.If(~self.selected):
                    m.next = "judge"
            with m.State("judge"):
                with m.If(~self.busy):
                    m.next = "decide"
            with m.State("decide"):
                m.next = "idle"
                refusal = Signal(Refusal)
                with m.If(unknown):
                    m.d.comb += refusal.eq(Refusal.COMMAND)
                with m.Elif(self.torn | (index != _SHORTEST) | too_long):
                    m.d.comb += refusal.eq(Refusal.LENGTH)
                with m.Elif(~self.right):
                    m.d.comb += refusal.eq(Refusal.CHECK)
                with m.Elif(~in_turn):
                    m.d.comb += refusal.eq(Refusal.NUMBER)
                with m.Elif(no_room):
                    m.d.comb += refusal.eq(Refusal.ROOM)
                with m.If(writes | unknown):
                    m.d.sync += status.refusal.eq(refusal)
                    with m.If(refusal == Refusal.NONE):
                        m.d.comb += self.accept.eq(1)
                        m.d.sync += [status.number.eq(status.number + 1),
                                     status.accepted.eq(status.accepted + 1)]
                    with m.Else():
                        m.d.comb += self.refuse.eq(1)
                        m.d.sync += [status.refused.eq(status.refused + 1), self.refused.eq(1)]
        m.d.comb += [self.goes_on.eq(fsm.ongoing("transfer")), self.judges.eq(fsm.ongoing("judge")),
                     self.decides.eq(fsm.ongoing("decide"))]
        return m
