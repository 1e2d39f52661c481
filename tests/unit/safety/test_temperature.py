# SPDX-License-Identifier: Apache-2.0
"""The temperature reaches the register whole, and its limits hold on both sides."""

import numpy as np
import pytest

from support import simulate
from tapetum.safety.temperature import CELSIUS, TemperatureMonitor

LATENCY_CYCLES, ALARM_CYCLES = 5, 6


def readings(values, *, inject=0, cycles=ALARM_CYCLES, **limits):
    """Temperature and alarm that each of `values`, held for some cycles, leads to."""
    monitor, results = TemperatureMonitor(), []

    async def testbench(ctx):
        ctx.set(monitor.inject, inject)
        for name, value in limits.items():
            ctx.set(getattr(monitor, name), value)
        for value in values:
            ctx.set(monitor.sensor, value)
            await ctx.tick().repeat(cycles)
            results.append((ctx.get(monitor.temperature), ctx.get(monitor.raised)))

    simulate(monitor, testbench, cycles=cycles * len(values) + 8)
    return results


@pytest.mark.parametrize("limits", [{}, {"minimum": -3, "maximum": 3}, {"minimum": 700}])
def test_a_reading_is_judged_by_its_limits_to_the_last_bit(limits, seed):
    low = limits.get("minimum", -40 * CELSIUS)
    high = limits.get("maximum", 125 * CELSIUS)
    values = [low - 1, low, low + 1, 0, high - 1, high, high + 1, -1 << 15, (1 << 15) - 1,
              *map(int, np.random.default_rng(seed).integers(-1 << 15, 1 << 15, 40))]
    assert readings(values, **limits) == [
        (value, int(not low <= value <= high)) for value in values]


def test_the_register_has_a_reading_after_the_stated_latency():
    late, early = readings([77], cycles=LATENCY_CYCLES), readings([77], cycles=LATENCY_CYCLES - 1)
    assert (late, early) == ([(77, 0)], [(0, 0)])


def test_a_reading_between_two_is_not_taken():
    """The bits of an asynchronous sensor change one after the other."""
    monitor, seen = TemperatureMonitor(), set()

    async def testbench(ctx):
        for value in (0x0FFF, 0x1FFF, 0x1000, 0x1000, 0x1000, 0x1000, 0x1000, 0x1000):
            ctx.set(monitor.sensor, value)
            await ctx.tick()
            seen.add(ctx.get(monitor.temperature))

    simulate(monitor, testbench, cycles=20)
    assert seen == {0, 0x1000}


def test_the_injection_makes_it_hot():
    assert readings([25 * CELSIUS], inject=1) == [((1 << 15) - 1, 1)]
