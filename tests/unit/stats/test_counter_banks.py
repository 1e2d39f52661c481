# SPDX-License-Identifier: Apache-2.0
"""Every count counts, however close they come, and nothing of an older frame is left."""

from collections import Counter
from random import Random

import pytest

from support import Traffic, simulate
from tapetum.stats.counter_banks import COUNT_BITS, CounterBanks

DEPTH = 24
READ_CYCLES = 3


async def count(ctx, dut, addresses, permits):
    for address in addresses:
        while not next(permits):
            ctx.set(dut.count, 0)
            ctx.set(dut.address, (address + 1) % DEPTH)
            await ctx.tick()
        ctx.set(dut.address, address)
        ctx.set(dut.count, 1)
        await ctx.tick()
    ctx.set(dut.count, 0)


async def swap(ctx, dut):
    ctx.set(dut.swap, 1)
    await ctx.tick()
    ctx.set(dut.swap, 0)


async def read(ctx, dut):
    counts = []
    for address in range(DEPTH):
        ctx.set(dut.read_address, address)
        await ctx.tick().repeat(READ_CYCLES)
        counts.append(ctx.get(dut.read_count))
    return counts


def expected(addresses, largest=(1 << COUNT_BITS) - 1):
    counted = Counter(addresses)
    return [min(counted[address], largest) for address in range(DEPTH)]


@pytest.mark.parametrize("kind", ["full", "bubbles"])
def test_repeats_at_any_distance_are_counted(kind, seed):
    random, dut = Random(seed), CounterBanks(DEPTH)
    permits = iter(Traffic.of(kind, seed).put)
    few = [random.choice([3, 4, 3, random.randrange(DEPTH)]) for _ in range(300)]

    async def testbench(ctx):
        await ctx.tick().repeat(DEPTH)
        for addresses in (few, [7] * 50, few[::-1][:99], []):
            await count(ctx, dut, addresses, permits)
            await swap(ctx, dut)
            await ctx.tick().repeat(DEPTH + 4)
            assert await read(ctx, dut) == expected(addresses)

    simulate(dut, testbench, cycles=3000)


def test_a_count_with_the_swap_belongs_to_the_old_bank():
    dut = CounterBanks(DEPTH)

    async def testbench(ctx):
        await ctx.tick().repeat(DEPTH)
        ctx.set(dut.address, 5)
        ctx.set(dut.count, 1)
        await swap(ctx, dut)
        assert ctx.get(dut.is_clearing)
        await ctx.tick().repeat(3)  # not counted: the bank is being cleared
        ctx.set(dut.count, 0)
        assert await read(ctx, dut) == expected([5])
        await swap(ctx, dut)
        assert await read(ctx, dut) == expected([])

    simulate(dut, testbench, cycles=500)


def test_counters_saturate():
    dut = CounterBanks(DEPTH, count_bits=3)

    async def testbench(ctx):
        await ctx.tick().repeat(DEPTH)
        addresses = [1] * 7 + [2] * 8 + [3] * 20
        await count(ctx, dut, addresses, iter([True] * 99))
        await swap(ctx, dut)
        await ctx.tick().repeat(4)
        assert await read(ctx, dut) == expected(addresses, largest=7)

    simulate(dut, testbench, cycles=500)


def test_a_bank_that_was_not_cleared_in_time_shows_nothing():
    dut = CounterBanks(DEPTH)

    async def testbench(ctx):
        await ctx.tick().repeat(DEPTH)
        await count(ctx, dut, range(DEPTH), iter([True] * DEPTH))
        await swap(ctx, dut)
        await ctx.tick().repeat(DEPTH)
        await swap(ctx, dut)
        await ctx.tick().repeat(DEPTH // 2)
        await swap(ctx, dut)
        await ctx.tick().repeat(DEPTH)
        assert await read(ctx, dut) == [0] * DEPTH

    simulate(dut, testbench, cycles=500)
