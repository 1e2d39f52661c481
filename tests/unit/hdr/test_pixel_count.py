# SPDX-License-Identifier: Apache-2.0
"""Marks are summed from a frame's first beat to its last."""

from random import Random

import pytest

from support import simulate
from tapetum.hdr.pixel_count import PixelCount


async def put(ctx, dut, marks: int, *, last: bool = False) -> None:
    ctx.set(dut.marks, marks)
    ctx.set(dut.valid, 1)
    ctx.set(dut.last, last)
    await ctx.tick()
    ctx.set(dut.valid, 0)


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_the_sum_of_a_frame_stands_until_the_next_one_ends(lanes, seed):
    random, dut = Random(seed), PixelCount(lanes)

    async def testbench(ctx):
        before = 0
        for length in (40, 1, 2, 17):
            frame = [random.getrandbits(lanes) for _ in range(length)]
            for place, marks in enumerate(frame):
                await put(ctx, dut, marks, last=place == length - 1)
                if place < length - 1 and random.random() < 0.3:
                    ctx.set(dut.marks, random.getrandbits(lanes))  # counts for nothing
                    await ctx.tick().repeat(random.randrange(1, 5))
                    assert ctx.get(dut.count) == before
            if random.random() < 0.5:
                await ctx.tick().repeat(3)
            before = sum(marks.bit_count() for marks in frame)
            # A frame of one beat may follow at once, or this one be looked at in time.
            await ctx.tick().repeat(2)
            assert ctx.get(dut.count) == before

    simulate(dut, testbench, cycles=1000)


def test_a_frame_that_never_ends_is_counted_with_the_next_one():
    dut = PixelCount(2)

    async def testbench(ctx):
        for _ in range(5):
            await put(ctx, dut, 0b11)
        await ctx.tick().repeat(9)
        assert ctx.get(dut.count) == 0
        await put(ctx, dut, 0b01, last=True)
        await ctx.tick().repeat(2)
        assert ctx.get(dut.count) == 11

    simulate(dut, testbench, cycles=100)
