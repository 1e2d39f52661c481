# SPDX-License-Identifier: Apache-2.0
"""The die's temperature, and whether it lies within its limits."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["CELSIUS", "MAXIMUM_CELSIUS", "MINIMUM_CELSIUS", "TemperatureMonitor"]

CELSIUS = 256
"""Units of a degree."""
MINIMUM_CELSIUS, MAXIMUM_CELSIUS = -40, 125
"""Limits after a reset: the junction of an automotive part (AEC-Q100, grade 1)."""
HIGHEST = (1 << 15) - 1


class TemperatureMonitor(wiring.Component):
    """Takes a reading that has stood still for two clocks, and compares it with two limits.

    Temperatures are signed, in 1/256 degree Celsius. Latency: 5 cycles from ``sensor`` to
    ``temperature``, 6 to ``raised``, of a reading that stands still.

    Members
    -------
    sensor : In(signed(16))
        Asynchronous; its bits need not change together.
    minimum, maximum : In(signed(16))
        Temperatures that are allowed.
    inject : In(1)
        The sensor reads the highest temperature that it can.
    temperature : Out(signed(16))
        0 until the first reading.
    raised : Out(1)
        As long as a reading is out of limits.
    """

    sensor: In(signed(16))
    minimum: In(signed(16), init=MINIMUM_CELSIUS * CELSIUS)
    maximum: In(signed(16), init=MAXIMUM_CELSIUS * CELSIUS)
    inject: In(1)
    temperature: Out(signed(16))
    raised: Out(1)

    def elaborate(self, platform):
        m = Module()
        arrived, kept = Signal(signed(16)), Signal(signed(16))
        steady, cold, hot = Signal(), Signal(), Signal()
        m.submodules.arrival = FFSynchronizer(
            Mux(self.inject, HIGHEST, self.sensor), arrived)
        m.d.sync += [kept.eq(arrived), steady.eq(arrived == kept),
                     cold.eq(self.temperature < self.minimum),
                     hot.eq(self.temperature > self.maximum)]
        with m.If(steady):
            m.d.sync += self.temperature.eq(kept)
        m.d.comb += self.raised.eq(cold | hot)
        return m
