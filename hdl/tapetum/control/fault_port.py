# SPDX-License-Identifier: Apache-2.0
"""The faults as the registers see them."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .faults import HARMFUL_FAULTS, Fault, FaultCollector

__all__ = ["FaultPort"]


class FaultPort(wiring.Component):
    """A `FaultCollector` behind one register stage, so that its pin does not glitch.

    Latency of ``faults`` 2 cycles, of ``error`` 3.

    Members
    -------
    raised : In(len(Fault)), clamped : In(1)
        ``clamped`` raises `Fault.SETTINGS_CLAMPED` too.
    clear : In(len(Fault)), clear_all : In(1), mask : In(len(Fault))
    faults : Out(len(Fault)), error : Out(1)
    """

    raised: In(len(Fault))
    clamped: In(1)
    clear: In(len(Fault))
    clear_all: In(1)
    mask: In(len(Fault), init=HARMFUL_FAULTS)
    faults: Out(len(Fault))
    error: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.collector = collector = FaultCollector()
        raised = Signal(len(Fault))
        m.d.sync += [
            raised.eq(self.raised | (self.clamped << Fault.SETTINGS_CLAMPED)),
            self.error.eq(collector.error),
        ]
        m.d.comb += [
            collector.raised.eq(raised),
            collector.clear.eq(self.clear | self.clear_all.replicate(len(Fault))),
            collector.mask.eq(self.mask),
            self.faults.eq(collector.faults),
        ]
        return m
