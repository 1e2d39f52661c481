# SPDX-License-Identifier: Apache-2.0
"""The raster: counted over two frames of a small mode."""

from dataclasses import replace

import pytest

from support import simulate
from tapetum_boards.picture.raster import Raster
from tapetum_boards.picture.video_timing import VGA_60HZ

SMALL = replace(VGA_60HZ, columns=12, column_front_porch=2, column_sync=3, column_back_porch=1,
                rows=5, row_front_porch=1, row_sync=2, row_back_porch=2)


@pytest.mark.parametrize("sync_is_high", [False, True])
def test_every_place_comes_once_a_frame_and_syncs_stand_where_the_mode_says(sync_is_high):
    timing = replace(SMALL, sync_is_high=sync_is_high)
    dut, seen = Raster(timing), []
    clocks = 2 * timing.total_columns * timing.total_rows

    async def watch(ctx):
        assert ctx.get(dut.place.row_sync) == ctx.get(dut.place.column_sync) == (not sync_is_high)
        for _ in range(clocks):
            await ctx.tick()
            seen.append({name: ctx.get(dut.place[name]) for name in (
                "column", "row", "visible", "column_sync", "row_sync", "line_first",
                "frame_first")})

    simulate(dut, watch, cycles=clocks + 10)
    for number, place in enumerate(seen):
        row, column = divmod(number, timing.total_columns)
        row %= timing.total_rows
        assert (place["column"], place["row"]) == (column, row)
        assert place["visible"] == (column < 12 and row < 5)
        assert (place["column_sync"] == sync_is_high) == (14 <= column < 17)
        assert (place["row_sync"] == sync_is_high) == (6 <= row < 8)
        assert place["line_first"] == (column == 0)
        assert place["frame_first"] == (column == row == 0)


def test_vga_has_the_totals_of_the_standard():
    assert (VGA_60HZ.total_columns, VGA_60HZ.total_rows) == (800, 525)
    assert VGA_60HZ.frame_rate_hz == pytest.approx(59.52, abs=0.01)


def test_rejects_a_mode_without_blanking():
    with pytest.raises(ValueError, match="row_sync must be positive"):
        replace(VGA_60HZ, row_sync=0)
