# SPDX-License-Identifier: Apache-2.0
"""Verdicts on a virtual channel of their own."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..memory.checked_queue import CheckedQueue
from ..memory.crossing_memory import CrossingMemory
from ..memory.health import MemoryHealth, gather
from ..npu.verdict import VERDICT_BYTES, Verdict
from ..stream.queue import AsyncQueue
from .formats import DataType
from .packets import PacketSource
from .row_descriptor import frame_number

__all__ = ["VERDICT_CHANNEL", "SentFrame", "VerdictPackets"]

VERDICT_CHANNEL = 2
_SLOTS = 2
_WAITING = 8


class SentFrame(data.Struct):
    """The last frame whose verdict has been sent, or will never be."""

    any: 1
    frame: 16


class _Announced(data.Struct):
    frame: 16
    has_packet: 1
    slot: 1


class VerdictPackets(wiring.Component):
    """A further source of packets: see `Csi2Transmitter.results`.

    ::

        sync                       │ byte
        verdict ─► bytes ─► slot of the memory ─► frame start, packet, frame end ─► packets
                     └─► announced ─────────────► │                  └─► sent
                     ◄──────────── released ──────┘

    Each verdict is a frame with one long packet of type 0x32. One that finds no free slot, because
    the link has stood still for two frames, is lost. It is announced as well, so that nobody waits
    for it, unless a later one is announced before there is room to.

    Parameters
    ----------
    config : DieConfig
    byte_domain : str
        Clock of the byte lanes, asynchronous to ``sync``.

    Members
    -------
    verdict : In(Verdict), given : In(1)
        Stays for 64 clocks from ``given`` on.
    lost : Out(1)
        In ``sync``: pulse for each verdict that was lost.
    packets : Out(PacketSource(byte_lanes)), sent : Out(SentFrame)
        In ``byte_domain``.
    memory : Out(MemoryHealth)
        In ``sync``.
    """

    def __init__(self, config: DieConfig, byte_domain: str = "byte"):
        self.config, self.byte_domain = config, byte_domain
        super().__init__({
            "verdict": In(Verdict), "given": In(1), "lost": Out(1),
            "packets": Out(PacketSource(config.csi2.byte_lanes)), "sent": Out(SentFrame),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        byte_lanes = self.config.csi2.byte_lanes
        words = VERDICT_BYTES // byte_lanes
        bits = (words - 1).bit_length()
        m.submodules.slots = slots = CrossingMemory(
            8 * byte_lanes, depth=_SLOTS << bits, i_domain="sync", o_domain=self.byte_domain)
        m.submodules.announced = announced = CheckedQueue(
            _Announced, _WAITING, i_domain="sync", o_domain=self.byte_domain)
        m.submodules.released = released = AsyncQueue(
            1, 4, i_domain=self.byte_domain, o_domain="sync")

        gather(m, self.memory, slots.memory, announced.memory)

        # Into a free slot. Announcements wait for room in their queue; what waits of a lost verdict
        # gives way to a later one.
        free, slot = Signal(range(_SLOTS + 1), init=_SLOTS), Signal()
        index, writing, taken = Signal(bits), Signal(), Signal()
        written, gone = Signal(_Announced), Signal(_Announced)
        written_waits, gone_waits = Signal(), Signal()
        at_end = index == words - 1
        m.d.comb += [
            slots.write_address.eq(Cat(index, slot)), slots.write_enable.eq(writing),
            slots.write_word.eq(self.verdict.as_value().word_select(index, 8 * byte_lanes)),
            released.o.ready.eq(1), taken.eq(self.given & (free != 0) & ~writing & ~written_waits),
            announced.i.valid.eq(written_waits | gone_waits),
            announced.i.payload.eq(Mux(written_waits, written, gone)),
        ]
        m.d.sync += [free.eq(free + released.o.valid - taken), self.lost.eq(self.given & ~taken)]
        with m.If(announced.i.ready):
            m.d.sync += [written_waits.eq(0), gone_waits.eq(gone_waits & written_waits)]
        with m.If(self.given & ~taken):
            m.d.sync += [gone_waits.eq(1), gone.frame.eq(self.verdict.frame)]
        with m.If(taken):
            m.d.sync += [writing.eq(1), index.eq(0)]
        with m.If(writing):
            m.d.sync += index.eq(index + 1)
            with m.If(at_end):
                m.d.sync += [
                    writing.eq(0), slot.eq(~slot), written_waits.eq(1), gone_waits.eq(0),
                    written.frame.eq(self.verdict.frame), written.has_packet.eq(1),
                    written.slot.eq(slot),
                ]

        sender = Module()
        self._send(sender, announced.o, released.i, slots, words)
        m.submodules.sender = DomainRenamer(self.byte_domain)(sender)
        return m

    def _send(self, m: Module, announced, released, slots, words: int) -> None:
        descriptors, payload = self.packets.descriptors, self.packets.payload
        # As a whole: Verilog's `always @*` waits for ever where a part of a signal is constant.
        data_type, word_count = Signal(DataType), Signal(16)
        index, following_index = Signal(range(words)), Signal(range(words))
        at_end = index == words - 1
        m.d.comb += [
            Value.cast(descriptors.payload).eq(
                Cat(data_type, Const(VERDICT_CHANNEL, 2), word_count)),
            word_count.eq(frame_number(announced.payload.frame)),
            slots.address.eq(Cat(following_index, announced.payload.slot)),
            payload.payload.bytes.as_value().eq(slots.word), payload.payload.last.eq(at_end),
            following_index.eq(index),
        ]
        m.d.sync += index.eq(following_index)

        def short_packet(state: str, kind: DataType, following: str) -> None:
            with m.State(state):
                m.d.comb += [descriptors.valid.eq(1), data_type.eq(kind)]
                with m.If(descriptors.ready):
                    m.next = following

        with m.FSM():
            with m.State("idle"):
                with m.If(announced.valid):
                    m.next = "done"
                    with m.If(announced.payload.has_packet):
                        m.d.comb += slots.enable.eq(1)
                        m.next = "start"
            short_packet("start", DataType.FRAME_START, "verdict")
            with m.State("verdict"):
                m.d.comb += [
                    descriptors.valid.eq(1), data_type.eq(DataType.VERDICT),
                    word_count.eq(VERDICT_BYTES), payload.valid.eq(1),
                ]
                with m.If(descriptors.ready):
                    m.next = "payload"
            with m.State("payload"):
                m.d.comb += payload.valid.eq(1)
                with m.If(payload.ready):
                    m.d.comb += [following_index.eq(Mux(at_end, 0, index + 1)),
                                 slots.enable.eq(~at_end)]
                    with m.If(at_end):
                        m.d.comb += released.valid.eq(1)
                        m.next = "end"
            short_packet("end", DataType.FRAME_END, "done")
            with m.State("done"):
                m.d.comb += announced.ready.eq(1)
                m.d.sync += [self.sent.any.eq(1), self.sent.frame.eq(announced.payload.frame)]
                m.next = "idle"
