# SPDX-License-Identifier: Apache-2.0
"""A ring of rows keeps order and loses nothing silently."""

from random import Random

import pytest

from support import expect_rejected, simulate
from tapetum.hdr.row_ring import RowRing


async def write_row(ctx, ring, frame, row, beats):
    for number, beat in enumerate(beats):
        ctx.set(ring.i.valid, 1)
        ctx.set(ring.i.payload, beat)
        ctx.set(ring.i_key, {"frame": frame, "row": row})
        ctx.set(ring.i_first, number == 0)
        ctx.set(ring.i_last, number == len(beats) - 1)
        await ctx.tick()
    ctx.set(ring.i.valid, 0)
    await ctx.tick().repeat(2)


async def read_row(ctx, ring, frame, row, count):
    """Seek a row; its beats, or None if it is not there."""
    ctx.set(ring.target, {"frame": frame, "row": row})
    ctx.set(ring.seek, 1)
    await ctx.tick().repeat(4)
    if not ctx.get(ring.found):
        return None
    beats = []
    for column in range(count):
        ctx.set(ring.column, column)
        await ctx.tick().repeat(3)
        beats.append(ctx.get(ring.beat))
    ctx.set(ring.release, 1)
    await ctx.tick()
    ctx.set(ring.release, 0)
    await ctx.tick()
    return beats


@pytest.mark.parametrize("rows, count", [(2, 1), (3, 5), (5, 4)])
def test_rows_come_back_as_written_short_ones_too(rows, count, seed):
    ring, random = RowRing(30, rows=rows, beats=5), Random(seed)

    async def testbench(ctx):
        stored = []
        for number in range(4 * rows):
            frame, row = divmod(number, 7)
            stored.append((frame % 4, row, [random.randrange(1 << 30) for _ in range(count)]))
            await write_row(ctx, ring, *stored[-1])
            if len(stored) == rows:
                frame, row, beats = stored.pop(0)
                assert await read_row(ctx, ring, frame, row, count) == beats

    simulate(ring, testbench, cycles=5000)


def test_older_rows_give_way_and_newer_ones_wait():
    ring = RowRing(8, rows=4, beats=2)

    async def testbench(ctx):
        for frame, row in [(3, 8), (3, 9), (0, 0), (0, 2)]:
            await write_row(ctx, ring, frame, row, [row, row + 1])
        assert await read_row(ctx, ring, 0, 0, 2) == [0, 1], "two rows of frame 3 went by"
        assert await read_row(ctx, ring, 0, 1, 2) is None
        assert await read_row(ctx, ring, 0, 2, 2) == [2, 3]

    simulate(ring, testbench, cycles=500)


def test_a_row_too_many_pushes_out_the_oldest_and_says_so():
    ring, pulses = RowRing(8, rows=2, beats=2), []

    async def testbench(ctx):
        for row in range(3):
            await write_row(ctx, ring, 0, row, [row, row])
        assert await read_row(ctx, ring, 0, 1, 2) == [1, 1]
        assert await read_row(ctx, ring, 0, 2, 2) == [2, 2]

    async def watch(ctx):
        async for _, _, overflow in ctx.tick().sample(ring.overflow):
            pulses.extend([1] if overflow else [])

    simulate(ring, testbench, cycles=500, background=(watch,))
    assert pulses == [1]


def test_rejects_sizes_that_hold_nothing():
    with expect_rejected("at least 2 rows", "1"):
        RowRing(8, rows=1, beats=4)
    with expect_rejected("at least one beat", "0"):
        RowRing(8, rows=2, beats=0)
