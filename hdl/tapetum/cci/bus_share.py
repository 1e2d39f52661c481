# SPDX-License-Identifier: Apache-2.0
"""One register bus for two who speak on it."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..registers.bus import ACCESS_INTERVAL_CYCLES, RegisterBus

__all__ = ["BusShare"]

_ACCESS = data.StructLayout({"address": 16, "write": 1, "read": 1, "write_data": 8})


class BusShare(wiring.Component):
    """Passes the accesses of a fast and of a slow host on, each in the clock in which it comes.

    One that comes too soon after an access of the other host waits, the slow host's first: at most
    twice `ACCESS_INTERVAL_CYCLES`. Each host still keeps its own accesses that far apart.

    Members
    -------
    fast, slow : In(RegisterBus)
        The slow host begins an access at least three times `ACCESS_INTERVAL_CYCLES` after its last.
        Each finds its ``read_data`` until its next read.
    fast_waits : Out(1)
        The fast host's last access waits: its next one must not begin.
    bus : Out(RegisterBus)
    """

    def __init__(self):
        super().__init__({"fast": In(RegisterBus()), "slow": In(RegisterBus()),
                          "fast_waits": Out(1), "bus": Out(RegisterBus())})

    def elaborate(self, platform):
        m = Module()
        spacing, taken, reads = Signal(range(ACCESS_INTERVAL_CYCLES)), Signal(), Signal()
        free = spacing == 0
        # The slow host first: the fast one may leave no gap.
        before = C(0, 1)
        for number, (name, host) in enumerate((("slow", self.slow), ("fast", self.fast))):
            waiting, waits = Signal(_ACCESS, name=f"{name}_waiting"), Signal(name=f"{name}_waits")
            present, comes = Signal(_ACCESS, name=f"{name}_present"), host.write | host.read
            fresh = Cat(host.address, host.write, host.read, host.write_data)
            m.d.comb += present.eq(Mux(waits, waiting, fresh))
            goes = Signal(name=f"{name}_goes")
            m.d.comb += goes.eq(free & (waits | comes) & ~before)
            with m.If(goes):
                m.d.comb += [self.bus.address.eq(present.address), taken.eq(1),
                             self.bus.host.eq(host is self.slow),
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
                         host.read_data.eq(Mux(answers, self.bus.read_data, kept))]
            with m.If(answers):
                m.d.sync += kept.eq(self.bus.read_data)
            before = before | goes
            if host is self.fast:
                m.d.comb += self.fast_waits.eq(waits)
        m.d.sync += spacing.eq(Mux(taken, ACCESS_INTERVAL_CYCLES - 1, Mux(free, 0, spacing - 1)))
        return m
