# SPDX-License-Identifier: Apache-2.0
"""Steps of the temperature are told once each, however they come."""

import numpy as np
import pytest
from amaranth import *

from support import simulate
from tapetum.safety.temperature import CELSIUS, TemperatureMonitor
from tapetum.safety.temperature_step import SETTLING_CYCLES, STEP_CELSIUS, TemperatureStep

STEP = STEP_CELSIUS * CELSIUS
LATENCY_CYCLES = 2


def steps(values, *, cycles: int = LATENCY_CYCLES + 3) -> list[int]:
    """Strobes while each of `values` is read for some cycles."""
    dut, counts = TemperatureStep(), []

    async def testbench(ctx):
        await ctx.tick().repeat(SETTLING_CYCLES)
        for value in values:
            ctx.set(dut.temperature, value)
            count = 0
            for _ in range(cycles):
                await ctx.tick()
                count += ctx.get(dut.stepped)
            counts.append(count)

    simulate(dut, testbench, cycles=cycles * len(values) + 2 * SETTLING_CYCLES)
    return counts


@pytest.mark.parametrize("sign", [1, -1])
def test_a_step_is_told_from_two_degrees_on(sign):
    assert steps([sign * (STEP - 1), sign * STEP, sign * (2 * STEP - 1), sign * 2 * STEP]) == [
        0, 1, 0, 1]


def test_a_slow_drift_is_told_every_two_degrees():
    drift = range(0, 5 * STEP, 16)
    assert sum(steps(drift)) == 4


def test_noise_about_a_threshold_is_told_once():
    assert sum(steps([STEP, STEP - 20, STEP + 20, STEP - 20, STEP])) == 1


def test_steps_of_any_size_are_those_of_a_model(seed):
    values = np.random.default_rng(seed).integers(-1 << 15, 1 << 15, 60).tolist()
    expected, told = [], 0
    for value in values:
        expected.append(int(abs(value - told) >= STEP))
        told = value if expected[-1] else told
    assert steps([*values, -1 << 15, (1 << 15) - 1])[:60] == expected


def test_it_is_told_after_the_stated_latency():
    assert steps([STEP], cycles=LATENCY_CYCLES) == [1]
    assert steps([STEP], cycles=LATENCY_CYCLES - 1) == [0]


@pytest.mark.parametrize("injected_for", [1, 5, 40])
def test_an_injected_temperature_is_no_step(injected_for):
    """The self-test after a software reset would else have every black level measured anew."""
    monitor, dut, told = TemperatureMonitor(), TemperatureStep(), []
    m = Module()
    m.submodules.monitor, m.submodules.step = monitor, dut
    m.d.comb += [dut.temperature.eq(monitor.temperature), dut.injected.eq(monitor.inject)]

    async def testbench(ctx):
        async def wait(cycles):
            for _ in range(cycles):
                await ctx.tick()
                told.append(ctx.get(dut.stepped))

        ctx.set(monitor.sensor, 25 * CELSIUS)
        await wait(20)
        assert told.count(1) == 1, "of what it was at the reset"
        ctx.set(monitor.inject, 1)
        await wait(injected_for)
        ctx.set(monitor.inject, 0)
        await wait(30)
        assert told.count(1) == 1
        ctx.set(monitor.sensor, 28 * CELSIUS)
        await wait(20)
        assert told.count(1) == 2

    simulate(m, testbench, cycles=200)
