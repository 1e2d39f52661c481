# SPDX-License-Identifier: Apache-2.0
"""A queue hands on what it was given, in order, whatever the traffic on either side."""

import random

from support import expect_rejected, simulate, stream_get, stream_put, stream_through
from tapetum.stream.queue import AsyncQueue, Queue


def test_payloads_leave_in_order_and_none_is_lost(traffic, seed):
    payloads = [random.Random(seed + i).getrandbits(12) for i in range(100)]
    assert stream_through(Queue(12, depth=5), payloads, count=100, cycles=2000,
                          traffic=traffic) == payloads


def test_a_full_queue_refuses_more_and_tells_its_level():
    dut = Queue(8, depth=4)

    async def fill(ctx):
        await stream_put(ctx, dut.i, range(4))
        await ctx.tick()
        assert ctx.get(dut.level) == 4
        assert not ctx.get(dut.i.ready)

    simulate(dut, fill, cycles=50)


def test_payloads_cross_clocks_in_order_and_none_is_lost(traffic, seed):
    dut = AsyncQueue(12, 8, i_domain="fast", o_domain="slow")
    payloads = [random.Random(seed + i).getrandbits(12) for i in range(100)]
    received = []

    async def source(ctx):
        await stream_put(ctx, dut.i, payloads, traffic.put, domain="fast")

    async def sink(ctx):
        received.extend(await stream_get(ctx, dut.o, 100, traffic.get, domain="slow"))

    simulate(dut, source, sink, cycles=4000, domains={"fast": 133e6, "slow": 75e6},
             stream_domains={"i": "fast", "o": "slow"})
    assert received == payloads


def test_queues_without_room_are_refused():
    with expect_rejected("0"):
        Queue(8, depth=0)
    with expect_rejected("1"):
        AsyncQueue(8, depth=1, i_domain="a", o_domain="b")
