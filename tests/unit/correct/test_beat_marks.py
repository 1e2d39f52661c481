# SPDX-License-Identifier: Apache-2.0
"""Every beat leaves with its own marks, however long the way beside it is."""

import pytest

from support import Traffic, expect_rejected, simulate
from support.rows import Row, collect_beats, feed_rows
from support.small_dies import small_die
from tapetum.correct.beat_marks import BeatMarks


@pytest.mark.parametrize("cycles", [2, 8, 9, 10, 24])
@pytest.mark.parametrize("kind", ["full", "bubbles"])
def test_marks_are_those_of_the_beat(cycles, kind, seed):
    dut = BeatMarks(small_die(), cycles)
    rows = [Row(codes=range(1 + 3 * (number % 3)), frame=7 * number, row=number,
                capture=number % 4, frame_last=number % 3 == 0,
                optical_black_columns=number % 2) for number in range(20)]
    beats, times = [], {"i": [], "o": []}

    async def source(ctx):
        await feed_rows(ctx, dut.i, rows, Traffic.of(kind, seed).put)
        await ctx.tick().repeat(cycles)

    async def sink(ctx):
        await collect_beats(ctx, dut.o, beats)

    async def watch(ctx):
        clock = 0
        async for _, _, entered, left in ctx.tick().sample(dut.i.valid, dut.o.valid):
            times["i"] += [clock + cycles] * entered
            times["o"] += [clock] * left
            clock += 1

    simulate(dut, source, cycles=5000, background=(sink, watch))
    sent = [beat for row in rows for beat in row.beats(dut.i.payload.shape())]
    assert times["o"] == times["i"]
    for beat, expected in zip(beats, sent, strict=True):
        for mark in ("optical_black", "line_last", "frame_last", "tag"):
            assert getattr(beat, mark) == getattr(expected, mark)


def test_rejects_marks_without_a_clock_to_wait():
    with expect_rejected("at least 2 cycles"):
        BeatMarks(small_die(), 1)
