# SPDX-License-Identifier: Apache-2.0
"""A checked queue hands on what it was given and tells of a bit that flips in it."""

import random

import pytest

from support import simulate, stream_get, stream_put
from support.upsets import Upsettable
from tapetum.memory.checked_queue import CheckedQueue

BITS, DEPTH = 21, 8
DOMAINS = [("sync", "sync"), ("fast", "slow")]


def queue_of(domains):
    return CheckedQueue(BITS, DEPTH, i_domain=domains[0], o_domain=domains[1])


async def settle(ctx, domains):
    for domain in domains:
        await ctx.tick(domain).repeat(10)


def run(design, queue, domains, *testbenches):
    """The clocks in which it told, while the testbenches ran."""
    told = []

    async def listen(ctx):
        async for _, _, wrong, corrected in ctx.tick(domains[0]).sample(
                queue.memory.uncorrectable, queue.memory.corrected):
            assert not corrected
            told.append(wrong)

    simulate(design, *testbenches, cycles=4000, background=(listen,),
             domains={"sync": 100e6, "fast": 133e6, "slow": 75e6},
             stream_domains={} if design is not queue else dict(zip("io", domains, strict=True)))
    return sum(told)


@pytest.mark.parametrize("domains", DOMAINS)
def test_payloads_leave_in_order_and_nothing_is_told(domains, traffic, seed):
    queue = queue_of(domains)
    payloads = [random.Random(seed + number).getrandbits(BITS) for number in range(60)]

    async def source(ctx):
        await stream_put(ctx, queue.i, payloads, traffic.put, domain=domains[0])

    async def sink(ctx):
        assert await stream_get(ctx, queue.o, 60, traffic.get, domain=domains[1]) == payloads
        await settle(ctx, domains)

    assert not run(queue, queue, domains, source, sink)


@pytest.mark.parametrize("domains", DOMAINS)
@pytest.mark.parametrize("inject, tells", [(0, False), (1, False), (3, True)])
def test_an_injection_is_told_with_the_entry_that_leaves(domains, inject, tells):
    queue = queue_of(domains)

    async def testbench(ctx):
        ctx.set(queue.memory.inject, inject)
        await settle(ctx, domains)
        await stream_put(ctx, queue.i, [5], domain=domains[0])
        await settle(ctx, domains)
        assert await stream_get(ctx, queue.o, 1, domain=domains[1]) == [5]
        await settle(ctx, domains)

    assert run(queue, queue, domains, testbench) == tells


@pytest.mark.parametrize("domains", DOMAINS)
def test_every_bit_that_flips_is_told_once(domains, seed):
    queue = queue_of(domains)
    dut, generator = Upsettable(queue), random.Random(seed)
    path, = dut.memories
    flips = generator.sample(range(BITS + 1), 4)

    async def testbench(ctx):
        for bit in flips:
            payloads = [generator.getrandbits(BITS) for _ in range(4)]
            await stream_put(ctx, queue.i, payloads, domain=domains[0])
            await settle(ctx, domains)
            # The first entry waits in the output register; one behind it is flipped.
            wanted = payloads[2]
            place, = (place for place in range(dut.memories[path].depth)
                      if ctx.get(dut.memories[path][place]) & ((1 << BITS) - 1) == wanted)
            dut.flip(ctx, path, place, bit)
            found = await stream_get(ctx, queue.o, 4, domain=domains[1])
            assert [wrong for wrong, right in zip(found, payloads, strict=True)
                    if wrong != right] == ([wanted ^ 1 << bit] if bit < BITS else [])
            await settle(ctx, domains)

    assert run(dut, queue, domains, testbench) == len(flips)
