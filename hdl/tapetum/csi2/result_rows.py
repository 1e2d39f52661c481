# SPDX-License-Identifier: Apache-2.0
"""Rows that some room has to say of a frame, on a virtual channel of their own."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..memory.checked_queue import CheckedQueue
from ..memory.crossing_memory import CrossingMemory
from ..memory.health import MemoryHealth, gather
from ..stream.queue import AsyncQueue
from .packets import PacketSource
from .result_collector import ResultCollector
from .result_row import ResultBeat, ResultRow, ResultStore
from .result_sender import ResultSender

__all__ = ["ResultRows"]


class ResultRows(wiring.Component):
    """A further source of packets beside the rows of pixels: see `Csi2Transmitter.results`.

    ::

        sync                    │ byte
        i ─► collector ─► row memory ─► sender ─► packets
                 └─► descriptors ───────► │
                 ◄────────── released ────┘

    A row becomes one long packet. Frame start and frame end stand around those of a frame, with the
    number that they have on channel 0. Rows are whole or absent, as those of pixels.

    Throughput: a beat per ``sync`` clock, always; ``byte_lanes`` bytes per ``byte`` clock. Latency
    to the descriptor of an idle link: 4 clocks of ``sync``, then 5 of ``byte``.

    Parameters
    ----------
    store : ResultStore
    byte_domain : str
        Clock of the byte lanes, asynchronous to ``sync``.

    Members
    -------
    i : In(stream of ResultBeat), always ready
    overflow : Out(1)
        In ``sync``: pulse for each row that was lost, 3 clocks after its last beat.
    packets : Out(PacketSource(byte_lanes)), in ``byte_domain``
    memory : Out(MemoryHealth)
        In ``sync``.
    """

    def __init__(self, store: ResultStore, byte_domain: str = "byte"):
        self.store, self.byte_domain = store, byte_domain
        super().__init__({
            "i": In(stream.Signature(ResultBeat(store), always_ready=True)),
            "overflow": Out(1),
            "packets": Out(PacketSource(store.byte_lanes)),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        store = self.store
        m.submodules.collector = collector = ResultCollector(store)
        sender = ResultSender(store)
        m.submodules.sender = DomainRenamer(self.byte_domain)(sender)
        m.submodules.row_memory = memory = CrossingMemory(
            8 * store.byte_lanes, depth=store.words, i_domain="sync", o_domain=self.byte_domain)

        # Every slot may wait with its row and a lone end; a few more while pointers cross.
        m.submodules.rows = rows = CheckedQueue(
            ResultRow(store), 2 * store.slots + 4, i_domain="sync", o_domain=self.byte_domain)
        m.submodules.released = released = AsyncQueue(
            1, store.slots + 4, i_domain=self.byte_domain, o_domain="sync")
        connect(m, flipped(self.i), collector.i)
        connect(m, collector.rows, rows.i)
        connect(m, rows.o, sender.rows)
        connect(m, sender.released, released.i)
        connect(m, released.o, collector.released)
        connect(m, sender.packets, flipped(self.packets))
        gather(m, self.memory, memory.memory, rows.memory)
        m.d.comb += [
            memory.write_enable.eq(collector.write_enable),
            memory.write_address.eq(collector.write_address),
            memory.write_word.eq(collector.write_word),
            memory.enable.eq(sender.read_enable), memory.address.eq(sender.read_address),
            sender.read_word.eq(memory.word),
            self.overflow.eq(collector.overflow),
        ]
        return m
