# SPDX-License-Identifier: Apache-2.0
"""Keeps all packets of one frame."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from tapetum.csi2.formats import DataType
from tapetum.csi2.packets import PacketBytes
from tapetum.stream.queue import AsyncQueue, Queue

from ..memory.memory_port import BURST_WORDS, WORD_BITS, MemoryPort

__all__ = ["PacketCapture"]

_WAITING_WORDS = 512
_CROSSING_WORDS = 16


class _Word(data.Struct):
    bytes: WORD_BITS
    frame_start: 1


class PacketCapture(wiring.Component):
    """From the frame start of virtual channel 0 to the next, packets back to back.

    A packet of an odd number of bytes is filled up by one: lengths stand in the headers. The last
    burst is filled up with anything.

    Parameters
    ----------
    address_bits : int
        Of the memory.
    byte_lanes : int
        1 or 2.
    byte_domain : str

    Members
    -------
    packets : In(PacketBytes), strobe : In(1)
        In ``byte_domain``: what the lanes take.
    start : In(1), busy : Out(1)
        While ``busy``, another ``start`` does nothing.
    place : In
        First burst; still while ``busy``.
    count : Out(32)
        Bytes kept.
    lost : Out(1)
        A word found no place.
    memory : Out(MemoryPort)
    """

    def __init__(self, address_bits: int, byte_lanes: int, byte_domain: str = "byte"):
        if byte_lanes not in (1, 2):
            raise ValueError(f"frames are captured from 1 or 2 lanes, not {byte_lanes}.")
        self.byte_lanes, self.byte_domain = byte_lanes, byte_domain
        super().__init__({
            "packets": In(PacketBytes(byte_lanes)), "strobe": In(1),
            "start": In(1), "busy": Out(1), "place": In(address_bits), "count": Out(32),
            "lost": Out(1), "memory": Out(MemoryPort(address_bits)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.crossing = crossing = AsyncQueue(
            _Word, _CROSSING_WORDS, i_domain=self.byte_domain, o_domain="sync")
        m.submodules.waiting = waiting = Queue(unsigned(WORD_BITS), _WAITING_WORDS)
        overflow = Signal()
        m.submodules.overflow = FFSynchronizer(overflow, dropped := Signal())
        self._words(m, crossing, overflow)

        word = crossing.o.payload
        keeping, armed = Signal(), Signal()
        room = Signal()
        m.d.comb += [
            crossing.o.ready.eq(1), waiting.i.payload.eq(word.bytes),
            self.busy.eq(armed | keeping | (waiting.level != 0)), room.eq(waiting.i.ready),
        ]
        begins = crossing.o.valid & word.frame_start
        takes = crossing.o.valid & Mux(word.frame_start, armed, keeping)
        m.d.comb += waiting.i.valid.eq(takes)
        with m.If(takes):
            m.d.sync += self.count.eq(Mux(word.frame_start, 2, self.count + 2))
        with m.If(begins):
            m.d.sync += [keeping.eq(armed), armed.eq(0)]
        start = self.start & ~self.busy
        with m.If(start):
            m.d.sync += [armed.eq(1), self.lost.eq(0), self.count.eq(0)]
        with m.If((takes & ~room) | (dropped & keeping)):
            m.d.sync += self.lost.eq(1)
        self._bursts(m, waiting, start, ended=~armed & ~keeping)
        return m

    def _words(self, m: Module, crossing: AsyncQueue, overflow: Signal) -> None:
        """Two bytes to a word, in the byte clock."""
        domain, given = m.d[self.byte_domain], self.packets
        first_byte = Signal(8)
        half = Signal()
        is_start = Signal()
        starts = given.first & (given.bytes[0] == DataType.FRAME_START.value)
        if self.byte_lanes == 2:
            m.d.comb += [
                crossing.i.valid.eq(self.strobe),
                crossing.i.payload.bytes.eq(Cat(given.bytes[1], given.bytes[0])),
                crossing.i.payload.frame_start.eq(starts),
            ]
        else:
            with m.If(self.strobe):
                domain += [first_byte.eq(given.bytes[0]), half.eq(~half & ~given.last)]
                with m.If(given.first):
                    domain += is_start.eq(starts)
            m.d.comb += [
                crossing.i.valid.eq(self.strobe & (half | given.last)),
                crossing.i.payload.bytes.eq(Mux(half, Cat(given.bytes[0], first_byte),
                                                Cat(C(0, 8), given.bytes[0]))),
                # A short packet is two words: the first tells what it is.
                crossing.i.payload.frame_start.eq(is_start & half & ~given.last & ~given.first),
            ]
        with m.If(crossing.i.valid & ~crossing.i.ready):
            domain += overflow.eq(1)
        with m.Elif(self.strobe & starts):
            domain += overflow.eq(0)

    def _bursts(self, m: Module, waiting: Queue, start: Value, ended: Value) -> None:
        memory = self.memory
        left = Signal(range(BURST_WORDS + 1))
        burst = Signal(len(self.place))
        with m.If(start):
            m.d.sync += burst.eq(self.place)
        m.d.comb += [
            memory.write.eq(1), memory.address.eq(burst), memory.word_in.eq(waiting.o.payload),
            waiting.o.ready.eq(memory.moved & waiting.o.valid),
        ]
        with m.FSM():
            with m.State("wait"):
                with m.If((waiting.level >= BURST_WORDS) | (ended & (waiting.level != 0))):
                    m.d.sync += left.eq(BURST_WORDS)
                    m.next = "ask"
            with m.State("ask"):
                m.d.comb += memory.request.eq(1)
                with m.If(memory.taken):
                    m.next = "move"
            with m.State("move"):
                with m.If(memory.done):
                    m.d.sync += burst.eq(burst + 1)
                    m.next = "wait"
