# SPDX-License-Identifier: Apache-2.0
"""Whose address it is."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .board_bus import BOARD_REGISTERS, MEMORY, PICTURE_TABLES, BoardBus

__all__ = ["BusDecoder"]


class BusDecoder(wiring.Component):
    """Hands each access to one of four, and refuses those that belong to none.

    Members
    -------
    bus : In(BoardBus)
    die, board, picture, memory : Out(BoardBus)
    """

    def __init__(self):
        super().__init__({"bus": In(BoardBus()), "die": Out(BoardBus()),
                          "board": Out(BoardBus()), "picture": Out(BoardBus()),
                          "memory": Out(BoardBus())})

    def elaborate(self, platform):
        m = Module()
        bus = self.bus
        page = bus.address[16:]
        chosen = {"die": page == 0, "board": page == BOARD_REGISTERS >> 16,
                  "picture": page == PICTURE_TABLES >> 16,
                  "memory": bus.address[31] == MEMORY >> 31}
        unknown = Signal()
        m.d.sync += unknown.eq(bus.request & ~Cat(chosen.values()).any())
        m.d.comb += [bus.done.eq(unknown), bus.refused.eq(unknown)]
        for name, mine in chosen.items():
            target = getattr(self, name)
            m.d.comb += [
                target.address.eq(bus.address), target.write.eq(bus.write),
                target.write_data.eq(bus.write_data),
                target.request.eq(bus.request & mine),
            ]
            with m.If(target.done):
                m.d.comb += [bus.done.eq(1), bus.refused.eq(target.refused),
                             bus.read_data.eq(target.read_data)]
        return m
