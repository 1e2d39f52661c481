# SPDX-License-Identifier: Apache-2.0
"""Every lane of every beat is given the column that the converters have read."""

import numpy as np
import pytest

from support import TrafficPattern, simulate
from support.active_rows import draw_rows
from support.small_dies import small_die
from tapetum.correct.column_position import ColumnPosition


@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("kind", ["full", "bubbles"])
def test_columns_are_those_that_were_read(lanes, kind, seed):
    config = small_die(columns=64, lanes=lanes, byte_lanes=4)
    rows = draw_rows(config, np.random.default_rng(seed), 60)
    dut = ColumnPosition(config)
    pattern = TrafficPattern.random(seed) if kind == "bubbles" else TrafficPattern("1")
    expected, received = [], []

    async def source(ctx):
        permits = iter(pattern)
        for row in rows:
            for name, value in row.region.items():
                ctx.set(getattr(dut, name), value)
            columns = row.model.columns - config.array.optical_black_columns
            beats = columns.reshape(-1, lanes).tolist()
            for number, beat in enumerate(beats):
                while not next(permits):
                    await ctx.tick()
                ctx.set(dut.valid, 1)
                ctx.set(dut.line_last, number == len(beats) - 1)
                expected.append(beat)
                await ctx.tick()
                ctx.set(dut.valid, 0)
            ctx.set(dut.column_start, 2)
            await ctx.tick().repeat(12)

    async def sink(ctx):
        valid = [0] * dut.latency_cycles
        async for _, _, now, columns in ctx.tick().sample(dut.valid, dut.columns):
            if valid.pop():
                received.append(list(columns))
            valid.insert(0, now)

    simulate(dut, source, cycles=50_000, background=(sink,))
    assert received == expected
    regions = {(row.region["column_skip"], row.region["flip_columns"]) for row in rows}
    assert len(regions) == 6, "the draw must reach every skipping under both directions"
