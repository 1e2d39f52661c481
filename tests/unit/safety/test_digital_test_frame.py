# SPDX-License-Identifier: Apache-2.0
"""The test frame comes to the model's signature, tells of faults, and leaves no trace in pixels."""

import random

import numpy as np
import pytest
from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from support import FULL_RATE, TrafficPattern, simulate
from support.adoption import adopt
from support.hdr import random_settings, rolling_rows, small_config
from support.rows import collect_beats, feed_rows
from support.upsets import Upsettable
from tapetum.compand.compander import Compander
from tapetum.compand.output_selector import OutputSelector
from tapetum.control.frame_settings import DataFormat, adopted_settings
from tapetum.hdr.hdr import Hdr
from tapetum.pixel import CodePixels, OutputPixels, corrected_bits
from tapetum.presets import preset
from tapetum.safety.digital_test_frame import BEATS, QUIET_CYCLES
from tapetum.safety.mechanism import Mechanism
from tapetum.safety.tested_path import add_test_frame
from tapetum_sim.models.digital_test_frame import frame_codes, signature

TEST_CYCLES = QUIET_CYCLES + BEATS + 120
"""From the last pixel to the signature, if no pixel comes."""


class TestedPath(wiring.Component):
    """From the combination to the link, wired as in the die; ``test`` = 0 takes the test away."""

    __test__ = False

    def __init__(self, config):
        self.config = config
        self.hdr, self.compander = Hdr(config), Compander(config)
        self.selector = OutputSelector(config, combined_latency_cycles=(
            self.hdr.latency_cycles + self.compander.latency_cycles))
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, corrected_bits(config)),
                                     always_ready=True)),
            "settings": In(adopted_settings(config)), "test": In(1),
            "o": Out(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
            "inject": In(1), "raised": Out(1), "found": Out(32), "known": Out(1), "cut": Out(1),
            "counts": Out(48), "stuck": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        hdr, compander, selector = self.hdr, self.compander, self.selector
        m.submodules.hdr, m.submodules.compander = hdr, compander
        m.submodules.selector = selector
        safety = wiring.Signature({"inject": Out(len(Mechanism)), "raised": Out(len(Mechanism)),
                                   "test_frame_signature": Out(32)}).create()
        mechanism = Mechanism.DIGITAL_TEST_FRAME
        test = add_test_frame(m, hdr, compander, selector, safety)
        m.d.comb += [block.settings.eq(self.settings) for block in (hdr, compander, selector)]
        m.d.comb += [
            hdr.i.valid.eq(self.i.valid), hdr.i.payload.eq(self.i.payload),
            compander.i.valid.eq(hdr.o.valid), compander.i.payload.eq(hdr.o.payload),
            compander.i.payload.values[0][9].eq(hdr.o.payload.values[0][9] | self.stuck),
            safety.inject[mechanism].eq(self.inject), self.raised.eq(safety.raised[mechanism]),
            self.found.eq(safety.test_frame_signature), self.known.eq(test.known),
            self.cut.eq(test.valid & test.busy),
            self.counts.eq(Cat(hdr.flicker_count, hdr.clipped_count)),
        ]
        with m.If(~self.test):
            m.d.comb += hdr.test_valid.eq(0)
        connect(m, compander.o, selector.combined)
        connect(m, flipped(self.i), selector.codes)
        connect(m, selector.o, flipped(self.o))
        return m


def config_of(captures, lanes):
    return small_config(captures=captures, lanes=lanes)


@pytest.mark.parametrize("captures, lanes", [(1, 1), (2, 2), (4, 1), (4, 4)])
def test_the_signature_is_the_models_whatever_the_settings_are(captures, lanes, seed):
    config = config_of(captures, lanes)
    dut, generator = TestedPath(config), np.random.default_rng([seed, captures, lanes])

    async def testbench(ctx):
        for _ in range(2):
            for slot in range(4):
                await adopt(ctx, dut.settings, slot, random_settings(config, generator)
                            | {"data_format": tuple(DataFormat)[generator.integers(
                                   len(DataFormat))],
                               "uncombined": int(generator.integers(2))})
            ctx.set(dut.test, 1)
            await ctx.tick().repeat(TEST_CYCLES)
            assert ctx.get(dut.known)
            assert ctx.get(dut.found) == signature(config)
            await end_frame(ctx, dut)

    simulate(dut, testbench, cycles=5000)


@pytest.mark.parametrize("name", ["tiny", "vga", "hd"])
def test_a_test_frame_has_something_of_everything(name):
    """Most of what captures can be to each other, and most bits at both levels."""
    config = preset(name)
    codes, present = frame_codes(config)
    bits = np.array([[codes[index] >> bit & 1 for bit in range(corrected_bits(config))]
                     for index in range(len(config.captures))])
    share = bits.mean(axis=(2, 3))
    assert np.all((share > 0.3) & (share < 0.7))
    assert 0.85 < present.mean() < 1
    same = np.all(codes == codes[:1], axis=0)
    assert 0.3 < same.mean() < 0.7


async def end_frame(ctx, dut):
    """One beat of the last capture, and 80 clocks in which it leaves."""
    last = {"tag": {"capture": len(dut.config.captures) - 1}, "line_last": 1, "frame_last": 1}
    ctx.set(dut.i.payload, last)
    ctx.set(dut.i.valid, 1)
    await ctx.tick()
    ctx.set(dut.i.valid, 0)
    await ctx.tick().repeat(80)


def frames_of(config, generator, frames, rows):
    captures = len(config.captures)
    codes = generator.integers(0, 1 << corrected_bits(config), (
        frames, captures, rows, config.array.columns))
    return rolling_rows(config, codes, lag_lines=[0, 1, 2][:captures],
                        masks=[(1 << captures) - 1] * frames)


@pytest.mark.parametrize("captures, lanes, kind", [
    (1, 1, "random"), (2, 1, "full"), (2, 4, "random"), (3, 1, "random")])
def test_pixels_are_the_same_with_it_and_nothing_is_raised(captures, lanes, kind, seed):
    config = config_of(captures, lanes)

    def run(test):
        generator = np.random.default_rng([seed, captures, lanes])
        dut, beats, told, cut, ends = TestedPath(config), [], [], [], []
        pattern = FULL_RATE if kind == "full" else TrafficPattern.random(seed)

        async def source(ctx):
            ctx.set(dut.test, test)
            rows = frames_of(config, generator, 3, 4)
            for slot in range(4):
                await adopt(ctx, dut.settings, slot, random_settings(
                    config, generator, mask=(1 << captures) - 1) | {"uncombined": int(slot == 1)})
            for number, row in enumerate(rows):
                await feed_rows(ctx, dut.i, [row], pattern)
                if number % 6 == 3:  # so long that the next row cuts a test short
                    await ctx.tick().repeat(QUIET_CYCLES + random.Random(number).randrange(BEATS))
            await ctx.tick().repeat(TEST_CYCLES)
            ends.append((ctx.get(dut.counts), ctx.get(dut.known), ctx.get(dut.found)))

        async def sink(ctx):
            await collect_beats(ctx, dut.o, beats)

        async def listen(ctx):
            async for _, _, raised, is_cut in ctx.tick().sample(dut.raised, dut.cut):
                told.append(raised)
                cut.append(is_cut)

        simulate(dut, source, cycles=40_000, background=(sink, listen))
        return beats, any(told), any(cut), ends[0]

    beats, raised, cut, (counts, known, found) = run(1)
    plain, _, _, (plain_counts, _, _) = run(0)
    assert cut
    assert not raised
    assert known
    assert found == signature(config)
    assert len(beats) >= 40 // lanes
    assert beats == plain
    assert counts == plain_counts


def test_an_injection_is_told_of_in_standby_and_only_while_it_lasts():
    config = config_of(4, 1)
    dut, told = TestedPath(config), []

    async def listen(ctx):
        async for _, _, raised in ctx.tick().sample(dut.raised):
            told.append(raised)

    async def testbench(ctx):
        ctx.set(dut.test, 1)
        ctx.set(dut.inject, 1)  # from the reset on: the first whole test is one without
        await ctx.tick().repeat(3 * TEST_CYCLES)
        assert any(told)
        assert ctx.get(dut.found) == signature(config)
        ctx.set(dut.inject, 0)
        await ctx.tick().repeat(64)
        told.clear()
        await ctx.tick().repeat(3 * TEST_CYCLES)
        assert not any(told)

    simulate(dut, testbench, cycles=10_000, background=(listen,))


def test_a_bit_that_sticks_is_told_of_behind_the_next_frame():
    config = config_of(4, 1)
    dut, told = TestedPath(config), []

    async def listen(ctx):
        async for _, _, raised in ctx.tick().sample(dut.raised):
            told.append(raised)

    async def frame(ctx):
        await end_frame(ctx, dut)
        await ctx.tick().repeat(TEST_CYCLES)

    async def testbench(ctx):
        ctx.set(dut.test, 1)
        await adopt(ctx, dut.settings, 0, {"capture_mask": 15})
        await ctx.tick().repeat(TEST_CYCLES)
        await frame(ctx)
        assert not any(told)
        ctx.set(dut.stuck, 1)
        await ctx.tick().repeat(TEST_CYCLES)
        assert not any(told), "no frame has ended"
        await frame(ctx)
        assert sum(told) == 1
        ctx.set(dut.stuck, 0)
        await frame(ctx)
        assert sum(told) == 1

    simulate(dut, testbench, cycles=10_000, background=(listen,))


def test_registers_that_stick_on_the_way_are_told_of():
    """Two that a campaign drew when there was no test frame, and nothing told of them."""
    path, told = TestedPath(config_of(4, 1)), []
    dut = Upsettable(path)

    def register(place, name):
        found, = (each for each in dut.registers[f"hdr.combine.part.{place}"] if each.name == name)
        return Value.cast(found)

    async def testbench(ctx):
        ctx.set(path.test, 1)
        await adopt(ctx, path.settings, 0, {"capture_mask": 15})
        for sticks, bit in ((None, 0), (register("merge_0_1.blend", "difference"), 23),
                            (register("merge_0_2.waiting", "stage_6"), 56), (None, 0)):
            await end_frame(ctx, path)
            told.clear()
            for _ in range(TEST_CYCLES):
                if sticks is not None:
                    ctx.set(sticks, ctx.get(sticks) & ~(1 << bit))
                _, _, raised = await ctx.tick().sample(path.raised)
                told.append(raised)
            assert sum(told) == (sticks is not None)

    simulate(dut, testbench, cycles=10_000, stream_domains={})
