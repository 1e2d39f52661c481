# SPDX-License-Identifier: Apache-2.0
"""One register bus for all who speak on it."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..registers.bus import ACCESS_INTERVAL_CYCLES, HOSTS, RegisterBus

__all__ = ["BusShare"]

_ACCESS = data.StructLayout({"address": 16, "write": 1, "read": 1, "write_data": 8})
_ORDER = ("cci", "spi", "local")
"""Who goes first: a host that cannot wait before one that can, a slow one before a fast one."""


class BusShare(wiring.Component):
    """Passes the accesses of several hosts on, each in the clock in which it comes.

    One that comes too soon after an access of another host waits, and those of ``cci``, then
    ``spi``, go first. Each host still keeps its own accesses `ACCESS_INTERVAL_CYCLES` apart, and
    begins none while it ``waits``. As ``cci`` has one access in three such intervals at most, and
    ``spi`` one in two, ``cci`` waits for less than one, ``spi`` for less than two, and ``local``
    for less than six.

    Members
    -------
    local, cci, spi : In(RegisterBus)
        Each finds its ``read_data`` until its next read.
    local_waits, cci_waits, spi_waits : Out(1)
        The host's last access waits.
    bus : Out(RegisterBus)
    """

    def __init__(self):
        super().__init__({name: In(RegisterBus()) for name in HOSTS}
                         | {f"{name}_waits": Out(1) for name in HOSTS}
                         | {"bus": Out(RegisterBus())})

    def elaborate(self, platform):
        m = Module()
        spacing, taken = Signal(range(ACCESS_INTERVAL_CYCLES)), Signal()
        reads = Signal(range(len(HOSTS)))
        free = spacing == 0
        before = C(0, 1)
        for name in _ORDER:
            host, number = getattr(self, name), HOSTS.index(name)
            waits = Signal(name=f"{name}_held")
            waiting = Signal(_ACCESS, name=f"{name}_waiting", reset_less=True)
            present, comes = Signal(_ACCESS, name=f"{name}_present"), host.write | host.read
            fresh = Cat(host.address, host.write, host.read, host.write_data)
            m.d.comb += present.eq(Mux(waits, waiting, fresh))
            goes = Signal(name=f"{name}_goes")
            m.d.comb += goes.eq(free & (waits | comes) & ~before)
            with m.If(goes):
                m.d.comb += [self.bus.address.eq(present.address), taken.eq(1),
                             self.bus.host.eq(number),
                             self.bus.write_data.eq(present.write_data),
                             self.bus.write.eq(present.write), self.bus.read.eq(present.read)]
                m.d.sync += waits.eq(0)
            with m.If(comes & (waits | ~goes)):
                m.d.sync += [waiting.eq(fresh), waits.eq(1)]
            with m.If(goes & present.read):
                m.d.sync += reads.eq(number)
            kept = Signal(8, name=f"{name}_kept", reset_less=True)
            answers = self.bus.read_valid & (reads == number)
            m.d.comb += [host.read_valid.eq(answers),
                         host.read_data.eq(Mux(answers, self.bus.read_data, kept)),
                         getattr(self, f"{name}_waits").eq(waits)]
            with m.If(answers):
                m.d.sync += kept.eq(self.bus.read_data)
            before = before | goes
        m.d.sync += spacing.eq(Mux(taken, ACCESS_INTERVAL_CYCLES - 1, Mux(free, 0, spacing - 1)))
        return m
