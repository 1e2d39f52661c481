# SPDX-License-Identifier: Apache-2.0
"""What two lines say: clock edges, the start and the stop of a transfer."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["LineEvents"]


class LineEvents(wiring.Component):
    """Pulses, one clock after the levels; never a start or stop together with an edge of the clock.

    Members
    -------
    scl, sda : In(1)
        Filtered levels.
    rises, falls : Out(1)
        Of the clock.
    starts, stops : Out(1)
        The data line falls or rises while the clock is high and stays so.
    bit : Out(1)
        The data line, in the clock of the pulses.
    """

    scl: In(1, init=1)
    sda: In(1, init=1)
    rises: Out(1)
    falls: Out(1)
    starts: Out(1)
    stops: Out(1)
    bit: Out(1, init=1)

    def __init__(self):
        super().__init__()
        self.scl_before, self.sda_before = Signal(init=1), Signal(init=1)

    def elaborate(self, platform):
        m = Module()
        scl_before, sda_before = self.scl_before, self.sda_before
        high = self.scl & scl_before
        m.d.sync += [
            scl_before.eq(self.scl), sda_before.eq(self.sda), self.bit.eq(self.sda),
            self.rises.eq(self.scl & ~scl_before), self.falls.eq(~self.scl & scl_before),
            self.starts.eq(high & ~self.sda & sda_before),
            self.stops.eq(high & self.sda & ~sda_before),
        ]
        return m
