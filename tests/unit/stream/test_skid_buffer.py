# SPDX-License-Identifier: Apache-2.0
"""A skid buffer hands on what it was given, in order, and its source never waits for its sink."""

import random

from support import simulate, stream_through
from tapetum.stream.skid_buffer import SkidBuffer


def test_payloads_leave_in_order_and_none_is_lost(traffic, seed):
    payloads = [random.Random(seed + i).getrandbits(12) for i in range(100)]
    assert stream_through(SkidBuffer(12), payloads, count=100, cycles=2000,
                          traffic=traffic) == payloads


def test_it_adds_no_clock_and_takes_one_payload_that_its_sink_refuses():
    dut = SkidBuffer(8)

    async def testbench(ctx):
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.i.payload, 1)
        assert ctx.get(dut.i.ready)
        assert ctx.get(dut.o.valid)
        assert ctx.get(dut.o.payload) == 1
        await ctx.tick()
        ctx.set(dut.i.payload, 2)
        assert not ctx.get(dut.i.ready)
        assert ctx.get(dut.o.payload) == 1
        ctx.set(dut.o.ready, 1)
        assert not ctx.get(dut.i.ready), "ready followed the sink within the clock"
        await ctx.tick()
        assert ctx.get(dut.i.ready)
        assert ctx.get(dut.o.payload) == 2

    simulate(dut, testbench, cycles=10)
