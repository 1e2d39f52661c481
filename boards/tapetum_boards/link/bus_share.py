# SPDX-License-Identifier: Apache-2.0
"""The host and the buttons on one bus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .board_bus import BoardBus

__all__ = ["BoardBusShare"]


class BoardBusShare(wiring.Component):
    """The buttons have the bus while ``taken``; an access of the host waits until they let go.

    Registers stand before what is addressed and behind it: the way across a whole device, and to
    everything on it, is a clock long each. An access takes two clocks more.

    Members
    -------
    host, buttons : In(BoardBus)
    taken : In(1)
        Never while the host has asked and has no answer.
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
            m.d.sync += getattr(bus, name).eq(
                Mux(self.taken, getattr(buttons, name), getattr(host, name)))
        m.d.sync += [
            bus.request.eq(Mux(self.taken, buttons.request, host.request | waits)),
            host.done.eq(bus.done & ~self.taken), buttons.done.eq(bus.done & self.taken),
        ]
        for answered in (host, buttons):
            m.d.sync += [answered.read_data.eq(bus.read_data), answered.refused.eq(bus.refused)]
        return m
