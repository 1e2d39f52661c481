# SPDX-License-Identifier: Apache-2.0
"""A lamp that is dimmed by switching it, as signs and tail lights are."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["PERIOD_BITS", "PulsedLamp"]

PERIOD_BITS = 24


class PulsedLamp(wiring.Component):
    """On for ``on_clocks`` of every ``period_clocks``; a period of zero never ends.

    Members
    -------
    period_clocks, on_clocks : In(24)
        Taken over when a period ends.
    on : Out(1)
    """

    period_clocks: In(PERIOD_BITS)
    on_clocks: In(PERIOD_BITS)
    on: Out(1)

    def elaborate(self, platform):
        m = Module()
        place = Signal(PERIOD_BITS)
        period, lit = Signal(PERIOD_BITS), Signal(PERIOD_BITS)
        m.d.sync += [place.eq(place + 1), self.on.eq(place < lit)]
        with m.If(place + 1 >= period):
            m.d.sync += [place.eq(0), period.eq(self.period_clocks), lit.eq(self.on_clocks)]
        return m
