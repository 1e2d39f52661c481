# SPDX-License-Identifier: Apache-2.0
"""The board's memory on its bus: bytes to bursts and back."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..memory.memory_port import BURST_BYTES, BURST_WORDS, WORD_BITS, MemoryPort
from .board_bus import BoardBus

__all__ = ["MemoryAccess"]


class MemoryAccess(wiring.Component):
    """Collects sixteen bytes before it writes a burst; reads a burst ahead of its first byte.

    Packets begin at a multiple of 16 and hold whole bursts: bytes that follow neither the start of
    a burst nor the byte before are refused, and those of a burst that is not complete are not
    written. The first byte of a word is its upper one.

    Members
    -------
    bus : In(BoardBus)
    memory : Out(MemoryPort)
    """

    def __init__(self, address_bits: int):
        self.address_bits = address_bits
        super().__init__({"bus": In(BoardBus()), "memory": Out(MemoryPort(address_bits))})

    def elaborate(self, platform):
        m = Module()
        bus, memory = self.bus, self.memory
        words = Signal(BURST_WORDS * WORD_BITS, reset_less=True)
        place = bus.address[:(BURST_BYTES - 1).bit_length()]
        first, final = place == 0, place == BURST_BYTES - 1
        # Behind a refusal it is the first byte of a burst, which needs none before it.
        following = Signal.like(bus.address)
        m.d.comb += [
            memory.address.eq(bus.address >> len(place)),
            bus.read_data.eq(words[-8:]),
            memory.word_in.eq(words[-WORD_BITS:]),
        ]
        with m.If(memory.moved):
            m.d.sync += words.eq(Cat(memory.word_out, words))
        with m.FSM():
            with m.State("rest"):
                with m.If(bus.request):
                    m.d.sync += following.eq(bus.address + 1)
                    with m.If(~first & (bus.address != following)):
                        m.d.sync += following.eq(0)
                        m.next = "refuse"
                    with m.Elif(bus.write):
                        m.d.sync += words.eq(Cat(bus.write_data, words))
                        m.next = "done"
                        with m.If(final):
                            m.next = "ask"
                    with m.Elif(first):
                        m.next = "ask"
                    with m.Else():
                        m.d.sync += words.eq(words << 8)
                        m.next = "done"
            with m.State("ask"):
                m.d.comb += [memory.request.eq(1), memory.write.eq(bus.write)]
                with m.If(memory.taken):
                    m.next = "move"
            with m.State("move"):
                with m.If(memory.done):
                    m.next = "done"
            with m.State("done"):
                m.d.comb += bus.done.eq(1)
                m.next = "rest"
            with m.State("refuse"):
                m.d.comb += [bus.done.eq(1), bus.refused.eq(1)]
                m.next = "rest"
        return m
