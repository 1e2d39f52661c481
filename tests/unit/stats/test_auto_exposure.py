# SPDX-License-Identifier: Apache-2.0
"""Exposures and gains are the model's bit for bit, and legal whatever the host does."""

from random import Random
from typing import Any

import numpy as np
import pytest
from amaranth import *
from amaranth.lib import data

from support import simulate
from support.adoption import adopt
from support.stats import CONFIGS, LEVELS, host_settings, random_control, random_counts
from tapetum.control.frame_settings import FrameSettings
from tapetum.stats.auto_exposure import AutoExposure
from tapetum.stats.exposure_control import ExposureControl
from tapetum.stream.delay import delayed
from tapetum_sim.models.auto_exposure import AutoExposureModel


class CountsAtPort(Elaboratable):
    """`AutoExposure` with late answers to what it asks the histogram, and a count of overflows."""

    def __init__(self, config):
        self.inner = AutoExposure(config)
        self.level_count = Signal.like(self.inner.level_count)
        self.overflows = Signal(16)

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = self.inner
        m.d.comb += inner.level_count.eq(delayed(m, self.level_count, 3, name="count"))
        m.d.sync += self.overflows.eq(self.overflows + inner.ratio_overflow)
        return m


class Bench:
    """The RTL with the counts of a frame at its port, beside the model."""

    def __init__(self, config):
        self.config, self.top = config, CountsAtPort(config)
        self.dut, self.model = self.top.inner, AutoExposureModel(config)
        self.counts = np.zeros((len(config.captures), LEVELS), np.int64)
        self.frame, self.shape = 0, FrameSettings(config)
        self.random = Random(config.name)

    async def counters(self, ctx):
        """Background: the count that is asked for, at once."""
        async for address, _ in ctx.changed(self.dut.level_address, self.dut.complete):
            if address.capture < len(self.counts):
                ctx.set(self.top.level_count, int(self.counts[address.capture, address.level]))

    def control(self, ctx, control: Any):
        self.model.control = control
        ctx.set(self.dut.control, ExposureControl(self.config).const(control))

    async def host(self, ctx, settings: Any):
        """The guard works on them for a while."""
        ctx.set(self.dut.whole, 0)
        ctx.set(self.dut.settings, self.shape.from_bits(self.random.getrandbits(self.shape.size)))
        await ctx.tick()
        ctx.set(self.dut.settings, self.shape.const(settings))
        ctx.set(self.dut.whole, 1)

    async def measure(self, ctx, settings: Any, counts: np.ndarray):
        """A frame that was taken with ``settings`` is complete."""
        self.frame += 1
        self.counts = counts
        await adopt(ctx, self.dut.adopted, self.frame, settings)
        ctx.set(self.dut.frame, self.frame)
        ctx.set(self.dut.complete, 1)
        await ctx.tick()
        ctx.set(self.dut.complete, 0)
        self.model.measure(settings, counts)

    async def stays_legal(self, ctx):
        """Background: whatever is put out can be adopted in any clock."""
        async for settings, in ctx.changed(self.dut.settings_out):
            assert_legal(self.config, as_plain(settings))

    def made(self, ctx) -> dict[str, Any]:
        return as_plain(ctx.get(self.dut.settings_out))

    def run(self, testbench, *, cycles: int):
        simulate(self.top, testbench, cycles=cycles,
                 background=(self.counters, self.stays_legal))

    def overflows(self, ctx) -> int:
        return ctx.get(self.top.overflows)


def as_plain(value: Any) -> Any:
    """Dictionaries, lists and integers."""
    if not isinstance(value, data.Const):
        return int(getattr(value, "value", value))
    keys = [key for key, _ in value.shape()]
    if keys == list(range(len(keys))):
        return [as_plain(value[key]) for key in keys]
    return {key: as_plain(value[key]) for key in keys}


def plain(config, settings: Any) -> dict[str, Any]:
    return as_plain(FrameSettings(config).const(settings))


def assert_legal(config, settings: dict[str, Any]) -> None:
    """What the readout asks of exposures, without the model's help."""
    lags, line = settings["lag_lines"], settings["line_length_cycles"]
    longest = settings["frame_length_lines"] - max(lags) - 1
    for index, capture in enumerate(settings["captures"]):
        coarse, fine = capture["coarse_integration_lines"], capture["fine_integration_cycles"]
        assert 0 < coarse * line + fine <= longest * line
        assert fine < line
        for other in range(index):
            if (config.captures[other].photodiode is config.captures[index].photodiode
                    and lags[other] < lags[index]):
                assert coarse * line + fine < (lags[index] - lags[other]) * line
        assert capture["normalisation_mantissa"] >= 1 << 15


def check_random_frames(config, random: Random, frames: int) -> None:
    """Frames of any light under any settings; each one's exposures against the model's."""
    bench = Bench(config)
    defaults = plain(config, FrameSettings.defaults(config))
    waits = bench.dut.longest_cycles + bench.dut.pass_cycles

    async def testbench(ctx):
        used = defaults
        bench.control(ctx, ExposureControl.defaults(config) | {"enable": 1})
        for frame in range(frames):
            if frame % 4 == 3:
                bench.control(ctx, random_control(config, random))
            host = plain(config, host_settings(config, random)) if frame % 2 else defaults
            await bench.host(ctx, host)
            await bench.measure(ctx, used, random_counts(len(config.captures), random))
            await ctx.tick().repeat(bench.dut.longest_cycles)
            made, overflows = bench.made(ctx), bench.overflows(ctx)
            assert made == bench.model.apply(host), f"frame {frame}"
            assert_legal(config, made)
            await ctx.tick().repeat(bench.dut.pass_cycles)
            assert (bench.overflows(ctx) > overflows) == bench.model.ratio_overflow
            used = made if random.random() < 0.7 else plain(config, host_settings(config, random))

    bench.run(testbench, cycles=frames * (waits + 10))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", CONFIGS)
def test_settings_are_the_models(name, seed):
    check_random_frames(CONFIGS[name], Random(seed), 4)


def test_settings_are_legal_while_the_host_changes_them(seed):
    """A shorter frame, another lag: never with exposures for what was before."""
    config, random = CONFIGS["vga"], Random(seed)
    bench, seen = Bench(config), set()

    async def testbench(ctx):
        defaults = plain(config, FrameSettings.defaults(config))
        await bench.host(ctx, defaults)
        bench.control(ctx, ExposureControl.defaults(config) | {"enable": 1})
        await bench.measure(ctx, defaults, random_counts(4, Random(3)))
        await ctx.tick().repeat(bench.dut.longest_cycles)
        for longer in range(12):
            host = host_settings(config, random)
            host["frame_length_lines"] += longer
            await bench.host(ctx, host)
            await ctx.tick().repeat(random.randrange(1, 2 * bench.dut.pass_cycles))
            seen.add(bench.made(ctx)["frame_length_lines"])
        await ctx.tick().repeat(2 * bench.dut.pass_cycles)
        assert bench.made(ctx) == bench.model.apply(as_plain(ctx.get(bench.dut.settings)))

    bench.run(testbench, cycles=40_000)
    assert len(seen) > 3


def test_the_hosts_settings_pass_until_there_is_a_measurement(seed):
    config, random = CONFIGS["vga"], Random(seed)
    bench = Bench(config)
    counts = random_counts(4, Random(3))

    async def passes(ctx):
        host = plain(config, host_settings(config, random))
        await bench.host(ctx, host)
        await ctx.tick().repeat(2)
        assert bench.made(ctx) == host
        return host

    async def testbench(ctx):
        await passes(ctx)
        await bench.measure(ctx, plain(config, FrameSettings.defaults(config)), counts)
        await ctx.tick().repeat(bench.dut.longest_cycles)
        await passes(ctx)
        bench.control(ctx, ExposureControl.defaults(config) | {"enable": 1})
        host = await passes(ctx)
        await bench.measure(ctx, host, counts)
        await ctx.tick().repeat(bench.dut.longest_cycles)
        made = bench.made(ctx)
        assert made == bench.model.apply(host) != host
        bench.control(ctx, ExposureControl.defaults(config) | {"enable": 1, "hold": 1})
        await bench.measure(ctx, host, counts[::-1])
        await ctx.tick().repeat(bench.dut.longest_cycles)
        assert bench.made(ctx) == made, "held"
        bench.control(ctx, ExposureControl.defaults(config))
        await ctx.tick().repeat(bench.dut.pass_cycles)
        await passes(ctx)

    bench.run(testbench, cycles=25_000)


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_settings_are_the_models_over_many_frames(name, seed):
    check_random_frames(CONFIGS[name], Random(seed + 1), 60)
