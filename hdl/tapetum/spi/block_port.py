# SPDX-License-Identifier: Apache-2.0
"""Bytes of transfers to accesses of the register bus, all in the die's clock."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..registers.bus import RegisterBus
from .block_buffer import BlockBuffer
from .block_check import BlockCheck
from .block_writer import BlockWriter
from .framing import SpiStatus
from .transfers import Transfers

__all__ = ["BlockPort"]


class BlockPort(wiring.Component):
    """What stands behind `SpiPins`; it would stand as well behind any wires that carry bytes.

    Members
    -------
    selected, byte_valid, byte, torn : In; answer : Out(8)
        Of `SpiPins`; bytes at least 10 clocks apart.
    hold : In(1)
        The registers do not take writes now: blocks wait.
    bus : Out(RegisterBus), waits : In(1)
        Writes at least 16 clocks apart; reads one for each byte of a read.
    status : Out(SpiStatus)
    refused : Out(1)
        Pulse: a block was dropped.
    """

    def __init__(self):
        super().__init__({
            "selected": In(1), "byte_valid": In(1), "byte": In(8), "torn": In(1),
            "answer": Out(8), "hold": In(1), "bus": Out(RegisterBus()), "waits": In(1),
            "status": Out(SpiStatus), "refused": Out(1),
        })
        # Seen by proofs as well.
        self.transfers, self.check = Transfers(), BlockCheck()
        self.buffer, self.writer = BlockBuffer(), BlockWriter()

    def elaborate(self, platform):
        m = Module()
        m.submodules.transfers = transfers = self.transfers
        m.submodules.check = check = self.check
        m.submodules.buffer = buffer = self.buffer
        m.submodules.writer = writer = self.writer
        connect(m, writer.bus, flipped(self.bus))
        m.d.comb += [
            *(getattr(transfers, name).eq(getattr(self, name))
              for name in ("selected", "byte_valid", "byte", "torn")),
            self.answer.eq(transfers.answer),

            check.restart.eq(transfers.restart), check.feed.eq(transfers.feed),
            check.byte.eq(transfers.fed), transfers.busy.eq(check.busy),
            transfers.right.eq(check.right), transfers.code.eq(check.code),

            buffer.write.eq(transfers.write), buffer.written.eq(transfers.written),
            buffer.accept.eq(transfers.accept), buffer.refuse.eq(transfers.refuse),
            transfers.full.eq(buffer.full), transfers.writing.eq(buffer.available),

            writer.available.eq(buffer.available), writer.entry.eq(buffer.entry),
            buffer.take.eq(writer.take), writer.hold.eq(self.hold),
            writer.set_high.eq(transfers.set_high), writer.set_low.eq(transfers.set_low),
            writer.byte.eq(self.byte), writer.fetch.eq(transfers.fetch),
            transfers.fetching.eq(writer.fetching), transfers.fetched.eq(writer.fetched),
            writer.waits.eq(self.waits),

            self.status.eq(transfers.status), self.refused.eq(transfers.refused),
        ]
        return m
