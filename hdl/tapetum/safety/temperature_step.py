# SPDX-License-Identifier: Apache-2.0
"""When black must be measured anew because the die is warmer or colder."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .temperature import CELSIUS

__all__ = ["STEP_CELSIUS", "TemperatureStep"]

STEP_CELSIUS = 2
"""Dark current doubles about every 8 degrees: by then it is a fifth more or less."""
SETTLING_CYCLES = 8
"""Longer than a reading takes to reach the register, and its difference to be seen."""


class TemperatureStep(wiring.Component):
    """Tells when the temperature is `STEP_CELSIUS` or more from where it was told last.

    Latency: 2 cycles; nothing is told in the first 8 after a reset.

    Members
    -------
    temperature : In(signed(16))
        Of `TemperatureMonitor`, in 1/256 degree Celsius.
    injected : In(1)
        That one is made to read another: what it tells from here to 8 cycles later is not looked
        at.
    stepped : Out(1)
        Strobe.
    """

    temperature: In(signed(16))
    injected: In(1)
    stepped: Out(1)

    def elaborate(self, platform):
        m = Module()
        told, offset, fresh = Signal(signed(16)), Signal(signed(17)), Signal(init=1)
        settled = Signal(range(SETTLING_CYCLES + 1))
        with m.If(self.injected):
            m.d.sync += settled.eq(0)
        with m.Elif(~settled[-1]):
            m.d.sync += settled.eq(settled + 1)
        step = STEP_CELSIUS * CELSIUS
        far = settled[-1] & fresh & ((offset >= step) | (offset <= -step))
        # After a step the offset is that of the one before for a clock.
        m.d.sync += [offset.eq(self.temperature - told), fresh.eq(~far), self.stepped.eq(far)]
        with m.If(far):
            m.d.sync += told.eq(told + offset)
        return m
