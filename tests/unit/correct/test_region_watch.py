# SPDX-License-Identifier: Apache-2.0
"""One pulse ahead of each frame whose columns come otherwise, however captures lag."""

import pytest

from support import simulate
from support.adoption import adopt
from support.rows import Row, feed_rows
from support.traffic import FULL_RATE, TrafficPattern
from tapetum.control.frame_settings import Skip
from tapetum.correct.region_watch import RegionWatch
from tapetum.presets import preset

ROWS, COLUMNS, LAG = 4, 16, 2
REGION = {"column_start": 0, "column_end": 15, "column_skip": Skip.NONE, "flip_columns": 0}
OTHERS = [REGION | change for change in (
    {"column_start": 4}, {"column_end": 11}, {"column_skip": Skip.TWO_OF_FOUR},
    {"flip_columns": 1})]


def frames_that_pulse(config, regions, pattern, seed):
    """Frames whose first beat leaves right behind a pulse; every pulse must have one."""
    dut = RegionWatch(config)
    pulses, begins, clock = [], {}, 0

    async def source(ctx):
        for frame, row, capture in _order(len(regions)):
            await adopt(ctx, dut.settings, frame, regions[frame])
            codes = [0] * COLUMNS
            await feed_rows(ctx, dut.i, [Row(codes=codes, frame=frame, row=row, capture=capture)],
                            pattern, seed=seed + row)
        await ctx.tick().repeat(RegionWatch.latency_cycles + 2)

    async def watch(ctx):
        nonlocal clock
        async for _, _, changed, valid, frame in ctx.tick().sample(
                dut.changed, dut.o.valid, dut.o.payload.tag.frame):
            if changed:
                pulses.append(clock)
            if valid:
                begins.setdefault(frame, clock)
            clock += 1

    simulate(dut, source, cycles=50_000, background=(watch,))
    ahead = {start - 1: frame for frame, start in begins.items()}
    return [ahead[pulse] for pulse in pulses]


def _order(frames):
    """Rows as they come: the second capture's are `LAG` lines late, into the next frame."""
    return [(line // ROWS, line % ROWS, capture)
            for slot in range(frames * ROWS + LAG)
            for capture, line in ((0, slot), (1, slot - LAG)) if 0 <= line < frames * ROWS]


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("pattern", [FULL_RATE, TrafficPattern("1011")])
def test_a_frame_with_other_columns_is_told_once(lanes, pattern, seed):
    config = preset("tiny").with_(lanes=lanes)
    regions = [REGION, REGION, *(region for other in OTHERS for region in (other, other, REGION))]
    expected = [index for index in range(1, len(regions)) if regions[index] != regions[index - 1]]
    assert frames_that_pulse(config, regions, pattern, seed) == expected
