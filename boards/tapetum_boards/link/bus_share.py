# SPDX-License-Identifier: Apache-2.0
"""The host and the buttons on one bus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .board_bus import BoardBus

__all__ = ["BoardBusShare"]


class BoardBusShare(wiring.Component):
    """The buttons have the bus while ``taken``; an access of the host waits until they let go.

    Members
    -------
    host, buttons : In(BoardBus)
    taken : In(1)
    bus : Out(BoardBus)
    """

    host: In(BoardBus())
    buttons: In(BoardBus())
    taken: In(1)
    bus: Out(BoardBus())

    def elaborate(self, platform):
        m = Module()
        host, buttons, bus = self.host, self.buttons, self.bus
        waits = Signal()
        m.d.sync += waits.eq((host.request | waits) & self.taken)
        for name in ("address", "write", "write_data"):
            m.d.comb += getattr(bus, name).eq(
                Mux(self.taken, getattr(buttons, name), getattr(host, name)))
        m.d.comb += [
            bus.request.eq(Mux(self.taken, buttons.request, host.request | waits)),
            host.done.eq(bus.done & ~self.taken), buttons.done.eq(bus.done & self.taken),
        ]
        for answered in (host, buttons):
            m.d.comb += [answered.read_data.eq(bus.read_data), answered.refused.eq(bus.refused)]
        return m
