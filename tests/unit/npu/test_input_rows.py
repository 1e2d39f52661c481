# SPDX-License-Identifier: Apache-2.0
"""Rows of the input find their place, or are dropped because one that is needed lies there."""

import pytest

from support import simulate
from tapetum.npu.input_rows import InputRows
from tapetum.npu.npu_config import NpuConfig

RING, HEIGHT, WORDS = 4, 10, 3


@pytest.mark.parametrize("released, overrun", [
    pytest.param(lambda row: row + 2, False, id="strides leave out rows to come"),
    pytest.param(lambda row: max(row - RING + 1, 0), False, id="just in time"),
    pytest.param(lambda row: max(row - RING, 0), True, id="one too late"),
])
def test_a_row_is_dropped_only_if_its_place_is_taken(released, overrun):
    dut, places = InputRows(NpuConfig()), []

    async def rows(ctx):
        ctx.set(dut.tensor, {"base": 20, "first_bank": 1, "ring_rows": RING, "row_words": WORDS,
                             "height": HEIGHT, "pixel_words": 1})
        ctx.set(dut.restart, 1)
        await ctx.tick()
        ctx.set(dut.restart, 0)
        for row in range(HEIGHT):
            ctx.set(dut.released_rows, min(released(row), HEIGHT))
            await ctx.tick().repeat(4)
            for word in range(WORDS):
                ctx.set(dut.row_last, word == WORDS - 1)
                ctx.set(dut.take, 1)
                *_, bank, address, keep = await ctx.tick().sample(dut.bank, dut.address, dut.keep)
                places.append((row, bank, address, keep))
                ctx.set(dut.take, 0)
        await ctx.tick()
        assert ctx.get(dut.overrun) == overrun

    simulate(dut, rows, cycles=1000)
    kept = {row for row, *_, keep in places if keep}
    assert kept == set(range(RING if overrun else HEIGHT))
    assert [place[1:3] for place in places] == [
        ((1 + row) % 4, 20 + word) for row in range(HEIGHT) for word in range(WORDS)]
