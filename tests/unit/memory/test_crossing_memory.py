# SPDX-License-Identifier: Apache-2.0
"""Words cross between clocks; a wrong one is told on the side where it was written."""

import pytest

from support import simulate
from tapetum.memory.crossing_memory import CrossingMemory

DEPTH = 12


@pytest.mark.parametrize("right_hz", [37e6, 240e6])
def test_words_cross_without_alarm_and_injection_is_told(right_hz, seed):
    memory = CrossingMemory(30, depth=DEPTH, i_domain="left", o_domain="right")
    words = [(seed + 1) * 0x12345677 * number & (1 << 30) - 1 for number in range(1, DEPTH + 1)]
    told = []

    async def listen(ctx):
        while True:
            _, _, wrong, corrected = await ctx.tick("left").sample(
                memory.memory.uncorrectable, memory.memory.corrected)
            assert not corrected
            told.append(wrong)

    async def testbench(ctx):
        for address, word in enumerate(words):
            ctx.set(memory.write_address, address)
            ctx.set(memory.write_word, word)
            ctx.set(memory.write_enable, 1)
            await ctx.tick("left")
        ctx.set(memory.write_enable, 0)
        for inject in (0, 3, 0):
            ctx.set(memory.memory.inject, inject)
            await ctx.tick("left").repeat(10)
            await ctx.tick("right").repeat(10)
            told.clear()
            for address, word in enumerate(words):
                ctx.set(memory.address, address)
                ctx.set(memory.enable, 1)
                await ctx.tick("right")
                ctx.set(memory.enable, 0)
                await ctx.tick("right")
                assert ctx.get(memory.word) == word
            await ctx.tick("left").repeat(20)
            await ctx.tick("right").repeat(20)
            assert any(told) == bool(inject)

    simulate(memory, testbench, background=(listen,), cycles=2000,
             domains={"left": 100e6, "right": right_hz})
