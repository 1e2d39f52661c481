# SPDX-License-Identifier: Apache-2.0
"""Several clients, one memory."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .memory_port import MemoryPort

__all__ = ["MemoryShare"]


class MemoryShare(wiring.Component):
    """The first client that asks is served; a burst is never interrupted.

    Clients that cannot wait come first and must leave time for the others: nothing here does.
    Latency: a clock for a request, none for words.

    Parameters
    ----------
    address_bits : int
    clients : int

    Members
    -------
    clients : In(MemoryPort).array(clients)
    memory : Out(MemoryPort)
    """

    def __init__(self, address_bits: int, clients: int):
        if clients < 2:
            raise ValueError(f"a memory is shared by at least two clients, not {clients}.")
        self.address_bits, self.count = address_bits, clients
        super().__init__({
            "clients": In(MemoryPort(address_bits)).array(clients),
            "memory": Out(MemoryPort(address_bits)),
        })

    def elaborate(self, platform):
        m = Module()
        memory = self.memory
        chosen, owner = Signal(range(self.count)), Signal(range(self.count))
        with m.If(~memory.request | memory.taken):
            # One that was served a clock ago still shows its old request.
            asking = Cat(client.request & ~client.taken for client in self.clients)
            m.d.sync += memory.request.eq(asking.any())
            for number in reversed(range(self.count)):
                client = self.clients[number]
                with m.If(asking[number]):
                    m.d.sync += [chosen.eq(number), memory.write.eq(client.write),
                                 memory.address.eq(client.address)]
        with m.If(memory.taken):
            m.d.sync += owner.eq(chosen)
        for number, client in enumerate(self.clients):
            owns = owner == number
            m.d.comb += [
                client.taken.eq(memory.taken & (chosen == number)),
                client.moved.eq(memory.moved & owns), client.done.eq(memory.done & owns),
                client.word_out.eq(memory.word_out),
            ]
            with m.If(owns):
                m.d.comb += memory.word_in.eq(client.word_in)
        return m
