# SPDX-License-Identifier: Apache-2.0
"""Rows of an uploaded scene are at hand when they are read, by early and by late captures."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from support import expect_rejected, simulate
from tapetum.presets import preset
from tapetum_boards.memory.memory_port import BURST_BYTES, BURST_WORDS
from tapetum_boards.pixel_die.uploaded_scene import SCENE_PLACE, UploadedScene

TINY = preset("tiny")
CONFIG = replace(TINY, array=replace(TINY.array, rows=24, columns=32))
ARRAY, LAG = CONFIG.array, CONFIG.largest_lag_lines
BITS = 21


@pytest.mark.parametrize("frames", [1, 2])
def test_each_row_is_fetched_once_a_frame_and_read_as_it_was_uploaded(frames, seed):
    generator, dut = Random(seed), UploadedScene(CONFIG, BITS)
    scene = np.random.default_rng(seed).integers(1 << 16, size=(ARRAY.rows, ARRAY.columns))
    asked = []

    async def serve(ctx):
        port = dut.memory
        while True:
            await ctx.tick().until(port.request)
            place = ctx.get(port.address) - SCENE_PLACE // BURST_BYTES
            asked.append(place)
            await ctx.tick().repeat(1 + generator.randrange(10))
            ctx.set(port.taken, 1)
            await ctx.tick()
            ctx.set(port.taken, 0)
            await ctx.tick().repeat(7)
            for number in range(BURST_WORDS):
                ctx.set(port.moved, 1)
                ctx.set(port.done, number == BURST_WORDS - 1)
                ctx.set(port.word_out, int(scene.ravel()[place * BURST_WORDS + number]))
                await ctx.tick()
            ctx.set(port.moved, 0)
            ctx.set(port.done, 0)

    async def look(ctx, physical_row):
        ctx.set(dut.physical_row, physical_row)
        ctx.set(dut.select, 1)
        await ctx.tick().repeat(4)
        row = physical_row - ARRAY.dark_rows
        if row >= 0:
            for column in range(0, ARRAY.columns, 4):
                ctx.set(dut.column, column)
                _, _, *found = await ctx.tick().sample(*map(_word, dut.radiance))
                _, _, *found = await ctx.tick().sample(*map(_word, dut.radiance))
                _, _, *found = await ctx.tick().sample(*map(_word, dut.radiance))
                assert found == scene[row, column:column + 4].tolist(), (row, column)
        ctx.set(dut.select, 0)
        await ctx.tick()

    async def read(ctx):
        ctx.set(dut.enable, 1)
        for _ in range(frames):
            for line in range(ARRAY.total_rows + LAG):
                if line < ARRAY.total_rows:
                    await look(ctx, line)
                if line - LAG >= 0:
                    await look(ctx, line - LAG)
                await ctx.tick().repeat(200)

    simulate(dut, read, cycles=60_000, background=(serve,))
    row_bursts = ARRAY.columns // BURST_WORDS
    assert asked == [*range(ARRAY.rows * row_bursts)] * frames


def _word(radiance):
    return radiance.as_value()


def test_rejects_rows_that_are_no_whole_bursts():
    with expect_rejected("multiple of 8 pixels, not 36"):
        UploadedScene(replace(CONFIG, array=replace(ARRAY, columns=36)), BITS)
