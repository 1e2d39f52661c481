# SPDX-License-Identifier: Apache-2.0
"""Exposures of the real readout pass, to the clock; one that is off by a clock is found."""

import random

import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from support import simulate
from tapetum.control.frame_settings import FrameSettings
from tapetum.readout.frame_planner import PLANNING_CYCLES
from tapetum.readout.lockstep import LAG_CYCLES
from tapetum.readout.readout import Readout
from tapetum.safety.exposure_check import ExposureCheck
from unit.readout.bench import random_settings, small_die

LATENCY_CYCLES = 5


class Exposed(wiring.Component):
    """The readout and who measures it; shutter pulses may be late, the plan may be another."""

    def __init__(self, config):
        self.readout, self.check = Readout(config), ExposureCheck(config)
        super().__init__({"settings": In(FrameSettings(config)), "streaming": In(1),
                          "late": In(2 * len(config.exposure_groups)), "more": In(16),
                          "inject": In(1), "adopt": Out(1), "raised": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.readout, m.submodules.check = readout, check = self.readout, self.check
        m.d.comb += [
            readout.settings.eq(self.settings), readout.streaming.eq(self.streaming),
            readout.ramp.ready.eq(1), self.adopt.eq(readout.adopt),
            check.adopt.eq(readout.adopt), check.adopt_frame.eq(readout.adopt_frame),
            check.settings.eq(self.settings),
            check.settings.captures[0].coarse_integration_lines.eq(
                self.settings.captures[0].coarse_integration_lines + self.more),
            check.row_control.eq(readout.row_control), check.ramp.eq(readout.ramp.payload),
            check.ramp_start.eq(readout.ramp.valid), check.inject.eq(self.inject),
            self.raised.eq(check.raised),
        ]
        for number, pulse in enumerate(readout.shutters):
            delayed = Signal.like(Value.cast(pulse), name=f"delayed_{number}")
            m.d.sync += delayed.eq(Value.cast(pulse))
            m.d.comb += Value.cast(check.shutters[number]).eq(
                Mux(self.late[number], delayed, Value.cast(pulse)))
        return m


def complaints(config, frames: int, settings_of, **faults) -> int:
    """How often a stream of `frames` is blamed."""
    dut, count = Exposed(config), [0]

    async def testbench(ctx):
        ctx.set(dut.settings, settings_of(0))
        for name, value in faults.items():
            ctx.set(getattr(dut, name), value)
        await ctx.tick().repeat(8)
        ctx.set(dut.streaming, 1)
        for frame in range(1, frames + 1):
            await ctx.tick().until(dut.adopt)
            await ctx.tick().repeat(PLANNING_CYCLES + LAG_CYCLES)
            ctx.set(dut.settings, settings_of(frame))
        ctx.set(dut.streaming, 0)
        await ctx.tick().until(~dut.readout.busy)

    async def watch(ctx):
        async for _, _, raised in ctx.tick().sample(dut.raised):
            count[0] += raised

    simulate(dut, testbench, background=(watch,), cycles=(frames + 3) * 45 * 700,
             stream_domains={})
    return count[0]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("captures", [1, 3, 4])
def test_every_exposure_of_the_readout_passes(captures, seed):
    config, rng = small_die(captures), random.Random(seed)
    chosen = [random_settings(config, rng) for _ in range(6)]
    for settings, line in zip(chosen, (200, 200, 200, 231, 231, 200), strict=True):
        settings["line_length_cycles"] = line
        for capture in settings["captures"]:
            capture["fine_integration_cycles"] = min(capture["fine_integration_cycles"], line - 1)
    assert complaints(config, 6, lambda frame: chosen[min(frame, 5)]) == 0


@pytest.mark.slow
def test_a_shutter_that_is_late_by_a_clock_is_found_in_its_frames():
    config = small_die(4)
    settings = FrameSettings.defaults(config)
    for group in config.exposure_groups:
        # Frames of even number, two of four.
        assert complaints(config, 4, lambda _: settings, late=1 << 2 * group.index) == 2


def test_an_exposure_of_another_length_than_planned_is_found_in_every_frame():
    config = small_die(1)
    settings = FrameSettings.defaults(config)
    assert complaints(config, 3, lambda _: settings, more=1) == 3


def test_the_injection_is_found_in_every_exposure_and_in_standby():
    config = small_die(1)
    settings = FrameSettings.defaults(config)
    groups = len(config.exposure_groups)
    assert complaints(config, 2, lambda _: settings, inject=1) == 2 * groups + 1
    check = ExposureCheck(config)

    async def testbench(ctx):
        ctx.set(check.inject, 1)
        await ctx.tick().repeat(LATENCY_CYCLES)
        assert ctx.get(check.raised)
        ctx.set(check.inject, 0)
        for _ in range(20):
            await ctx.tick()
            assert not ctx.get(check.raised)

    simulate(check, testbench, cycles=60)
