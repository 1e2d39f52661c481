# SPDX-License-Identifier: Apache-2.0
"""When black must be measured anew because the die is warmer or colder."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .temperature import CELSIUS

__all__ = ["STEP_CELSIUS", "TemperatureStep"]

STEP_CELSIUS = 2
"""Dark current doubles about every 8 degrees: by then it is a fifth more or less."""


class TemperatureStep(wiring.Component):
    """Tells when the temperature is `STEP_CELSIUS` or more from where it was told last.

    Latency: 2 cycles.

    Members
    -------
    temperature : In(signed(16))
        Of `TemperatureMonitor`, in 1/256 degree Celsius.
    stepped : Out(1)
        Strobe.
    """

    temperature: In(signed(16))
    stepped: Out(1)

    def elaborate(self, platform):
        m = Module()
        told, offset, fresh = Signal(signed(16)), Signal(signed(17)), Signal(init=1)
        step = STEP_CELSIUS * CELSIUS
        far = fresh & ((offset >= step) | (offset <= -step))
        # After a step the offset is that of the one before for a clock.
        m.d.sync += [offset.eq(self.temperature - told), fresh.eq(~far), self.stepped.eq(far)]
        with m.If(far):
            m.d.sync += told.eq(told + offset)
        return m
