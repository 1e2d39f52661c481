# SPDX-License-Identifier: Apache-2.0
"""Delays delay by what they say, bubbles included, in registers as in memories."""

import random

import pytest
from amaranth import *
from amaranth.lib import data

from support import OnMemories, expect_rejected, simulate
from tapetum.stream.delay import Delay, DelayLine, delayed


@pytest.mark.parametrize("cycles", [3, 4, 9])
def test_every_clock_comes_back_after_the_stated_cycles(cycles, seed):
    line, seen = DelayLine(8, cycles), []
    sent = [((seed + 3 * clock) % 5 < 3, (seed + 7 * clock) % 256) for clock in range(40)]

    async def testbench(ctx):
        for valid, payload in sent:
            ctx.set(line.i.valid, valid)
            ctx.set(line.i.payload, payload)
            seen.append((ctx.get(line.o.valid), ctx.get(line.o.payload)))
            await ctx.tick()

    simulate(line, testbench, cycles=100)
    assert not any(valid for valid, _ in seen[:cycles])
    for (sent_valid, payload), (valid, received) in zip(sent, seen[cycles:], strict=False):
        assert valid == sent_valid
        assert not valid or received == payload


def test_rejects_delays_shorter_than_a_memory():
    with expect_rejected("at least 3", "2"):
        DelayLine(8, 2)


@pytest.mark.parametrize("memories", [False, True], ids=["registers", "memories"])
@pytest.mark.parametrize("cycles", [2, 5, 8, 16])
def test_a_delay_goes_on_through_a_reset(cycles, memories, seed):
    generator, reset = random.Random(seed), Signal()
    delay, seen = Delay(data.StructLayout({"low": 5, "high": 6}), cycles), []
    sent = [{"low": generator.getrandbits(5), "high": generator.getrandbits(6)}
            for _ in range(60)]

    async def testbench(ctx):
        for clock, payload in enumerate(sent):
            ctx.set(reset, clock in range(20, 23))
            ctx.set(delay.i, payload)
            kept = ctx.get(delay.o)
            seen.append({"low": kept.low, "high": kept.high})
            await ctx.tick()

    dut = ResetInserter(reset)(OnMemories(delay) if memories else delay)
    simulate(dut, testbench, cycles=100)
    assert seen == [{"low": 0, "high": 0}] * cycles + sent[:-cycles]


def test_only_what_is_long_wide_and_without_reset_is_a_memory():
    for bits, cycles, reset_less, expected in (
            (8, 4, True, True), (8, 16, True, True), (8, 17, True, False), (8, 3, True, False),
            (7, 4, True, False), (8, 4, False, False)):
        m = Module()
        delayed(m, Signal(bits), cycles, name="kept", reset_less=reset_less)
        assert hasattr(m.submodules, "kept") == expected


def test_rejects_delays_that_need_no_memory():
    with expect_rejected("at least 2", "1"):
        Delay(8, 1)
