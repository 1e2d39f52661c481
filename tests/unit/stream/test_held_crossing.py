# SPDX-License-Identifier: Apache-2.0
"""Whole values cross between clocks, whatever their ratio."""

import random

import pytest

from support import simulate
from tapetum.stream.held_crossing import HeldCrossing


@pytest.mark.parametrize("o_hz", [17e6, 100e6, 310e6])
def test_only_whole_values_arrive_and_the_last_one_always(o_hz, seed):
    crossing = HeldCrossing(16, i_domain="left", o_domain="right", init=7)
    generator, sent, seen = random.Random(seed), {7}, set()

    async def sender(ctx):
        for _ in range(200):
            value = generator.getrandbits(16)
            sent.add(value)
            ctx.set(crossing.i, value)
            await ctx.tick("left").repeat(generator.randrange(1, 12))
        await ctx.tick("left").repeat(100)
        assert ctx.get(crossing.o) == value

    async def receiver(ctx):
        assert ctx.get(crossing.o) == 7
        while True:
            await ctx.tick("right")
            seen.add(ctx.get(crossing.o))

    simulate(crossing, sender, background=(receiver,), cycles=5000,
             domains={"left": 101e6, "right": o_hz})
    assert seen <= sent
    assert len(seen) > 20
