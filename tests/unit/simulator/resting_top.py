# SPDX-License-Identifier: Apache-2.0
"""A design whose second clock stands still now and then."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

__all__ = ["RestingTop"]


class RestingTop(wiring.Component):
    """``wanted`` is high for 16 of 64 clocks of ``sync``; ``count`` counts edges of ``adc``."""

    wanted: Out(1)
    count: Out(32)

    def elaborate(self, platform):
        m = Module()
        cycle = Signal(6)
        m.d.sync += cycle.eq(cycle + 1)
        m.d.comb += self.wanted.eq(cycle[4:] == 0)
        m.d.adc += self.count.eq(self.count + 1)
        return m
