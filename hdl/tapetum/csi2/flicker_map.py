# SPDX-License-Identifier: Apache-2.0
"""The flicker map: one bit per pixel of the combined frame, on a virtual channel of its own."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT
from ..memory.checked_queue import CheckedQueue
from ..memory.crossing_memory import CrossingMemory
from ..memory.health import MemoryHealth, gather
from ..stream.queue import AsyncQueue
from .flicker_collector import FlickerBits, FlickerCollector, FlickerRow, map_slot_words
from .flicker_sender import FlickerSender
from .packets import PacketSource

__all__ = ["FlickerMap"]


class FlickerMap(wiring.Component):
    """A further source of packets beside the rows of pixels: see `Csi2Transmitter.results`.

    ::

        sync                    │ byte
        i ─► collector ─► row memory ─► sender ─► packets
                 └─► descriptors ───────► │
                 ◄────────── released ────┘

    A row becomes one long packet of type 0x30 on virtual channel 1: eight pixels per byte, the
    first one in bit 0, zeros up to a whole byte. Frame start and frame end stand around them, with
    the number that they have on channel 0. Rows are whole or absent, as those of pixels.

    Throughput: ``lanes`` marks per ``sync`` clock, always; ``byte_lanes`` bytes per ``byte``
    clock. Latency to the descriptor of an idle link: 4 clocks of ``sync``, then 5 of ``byte``.

    Parameters
    ----------
    config : DieConfig
    byte_domain : str
        Clock of the byte lanes, asynchronous to ``sync``.

    Members
    -------
    i : In(stream of FlickerBits(lanes)), always ready
        Rows of the combined frame.
    send : In(FRAMES_IN_FLIGHT)
        Bit for each frame in flight: its map is wanted. Must be 0 for uncombined frames, whose
        second capture has this virtual channel.
    overflow : Out(1)
        In ``sync``: pulse for each row that was lost, 3 clocks after its last beat.
    packets : Out(PacketSource(byte_lanes)), in ``byte_domain``
    memory : Out(MemoryHealth)
        In ``sync``.
    """

    def __init__(self, config: DieConfig, byte_domain: str = "byte"):
        self.config, self.byte_domain = config, byte_domain
        super().__init__({
            "i": In(stream.Signature(FlickerBits(config.lanes), always_ready=True)),
            "send": In(FRAMES_IN_FLIGHT),
            "overflow": Out(1),
            "packets": Out(PacketSource(config.csi2.byte_lanes)),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        slots = self.config.csi2.row_buffer_rows
        m.submodules.collector = collector = FlickerCollector(self.config)
        sender = FlickerSender(self.config)
        m.submodules.sender = DomainRenamer(self.byte_domain)(sender)
        m.submodules.row_memory = memory = CrossingMemory(
            8 * self.config.csi2.byte_lanes, depth=slots * map_slot_words(self.config),
            i_domain="sync", o_domain=self.byte_domain)

        # Every slot may wait with its row and a lone end; a few more while pointers cross.
        m.submodules.rows = rows = CheckedQueue(
            FlickerRow, 2 * slots + 4, i_domain="sync", o_domain=self.byte_domain)
        m.submodules.released = released = AsyncQueue(
            1, slots + 4, i_domain=self.byte_domain, o_domain="sync")
        connect(m, flipped(self.i), collector.i)
        connect(m, collector.rows, rows.i)
        connect(m, rows.o, sender.rows)
        connect(m, sender.released, released.i)
        connect(m, released.o, collector.released)
        connect(m, sender.packets, flipped(self.packets))
        gather(m, self.memory, memory.memory, rows.memory)
        m.d.comb += [
            collector.send.eq(self.send),
            memory.write_enable.eq(collector.write_enable),
            memory.write_address.eq(collector.write_address),
            memory.write_word.eq(collector.write_word),
            memory.enable.eq(sender.read_enable), memory.address.eq(sender.read_address),
            sender.read_word.eq(memory.word),
            self.overflow.eq(collector.overflow),
        ]
        return m
