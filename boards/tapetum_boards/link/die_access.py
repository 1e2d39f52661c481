# SPDX-License-Identifier: Apache-2.0
"""The die's registers on the board's bus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES, RegisterBus

from .board_bus import BoardBus

__all__ = ["DieAccess"]


class DieAccess(wiring.Component):
    """One access, then the pause that the registers ask for.

    Members
    -------
    bus : In(BoardBus)
        Only ``address[:16]`` counts.
    die : Out(RegisterBus), waits : In(1)
        The access waits: another host has the registers.
    """

    def __init__(self):
        super().__init__({"bus": In(BoardBus()), "die": Out(RegisterBus()), "waits": In(1)})

    def elaborate(self, platform):
        m = Module()
        bus, die = self.bus, self.die
        pending = Signal()
        pause = Signal(range(ACCESS_INTERVAL_CYCLES))
        starts = pending & ~self.waits & (pause == 0)
        m.d.comb += [
            die.address.eq(bus.address), die.write_data.eq(bus.write_data),
            die.write.eq(starts & bus.write), die.read.eq(starts & ~bus.write),
            bus.done.eq(die.read_valid | die.write), bus.read_data.eq(die.read_data),
        ]
        with m.If(pause != 0):
            m.d.sync += pause.eq(pause - 1)
        with m.If(bus.request):
            m.d.sync += pending.eq(1)
        with m.If(starts):
            m.d.sync += [pending.eq(0), pause.eq(ACCESS_INTERVAL_CYCLES - 1)]
        return m
