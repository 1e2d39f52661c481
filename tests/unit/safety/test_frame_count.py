# SPDX-License-Identifier: Apache-2.0
"""A frame, row or beat that is lost or out of order is found; whole frames are not blamed."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from support import simulate
from support.drivers import stream_put
from tapetum.config import PixelArrayConfig
from tapetum.control.frame_settings import FrameSettings
from tapetum.pixel import OutputPixels
from tapetum.presets import preset
from tapetum.safety.frame_count import FrameCount
from tapetum_sim.models.readout import rows_of_frame

LATENCY_CYCLES = 4
GAP_CYCLES = 12


def config_of(lanes=1):
    return preset("tiny").with_(lanes=lanes,
                                array=PixelArrayConfig(columns=32, rows=16))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A row as the link is given it."""

    frame: int
    row: int
    beats: int
    last: bool
    channel: int = 0


def settings_for(config, **changes) -> dict:
    return FrameSettings.defaults(config) | changes


def rows_for(config, frame, settings, channel=0) -> list[Sent]:
    """All rows, by the model of the readout."""
    skip = settings["column_skip"]
    block = 2 << int(getattr(skip, "value", skip))
    columns = sum(1 for column in range(settings["column_start"], settings["column_end"] + 1)
                  if (column - settings["column_start"]) % block < 2)
    count = sum(row.kind == 0 for row in rows_of_frame(config, settings))
    return [Sent(frame=frame, row=row, beats=columns // config.lanes, last=row == count - 1,
                 channel=channel) for row in range(count)]


def blamed(config, script) -> list[int]:
    """Places of the items of `script`, planned frames (number, settings) or rows, that raised."""
    dut, raised, places = FrameCount(config), [0], []

    async def count(ctx):
        async for _, _, value in ctx.tick().sample(dut.raised):
            raised[0] += value

    async def testbench(ctx):
        for place, item in enumerate(script):
            before = raised[0]
            if isinstance(item, Sent):
                shape = OutputPixels(config.lanes)
                await stream_put(ctx, dut.i, [shape.const({
                    "line_last": beat == item.beats - 1, "frame_last": item.last,
                    "tag": {"frame": item.frame & 0xFFFF, "row": item.row,
                            "capture": item.channel}}) for beat in range(item.beats)])
            else:
                number, settings = item
                ctx.set(dut.settings, settings)
                ctx.set(dut.adopt_frame, number & 0xFFFF)
                ctx.set(dut.adopt, 1)
                await ctx.tick()
                ctx.set(dut.adopt, 0)
            await ctx.tick().repeat(GAP_CYCLES)
            if raised[0] > before:
                places.append(place)

    simulate(dut, testbench, background=(count,), cycles=len(script) * 60 + 100)
    return places


def stream_of(config, frames, first=0, **changes) -> list:
    """Frames that overlap as they do: the next one is planned as this one is read."""
    settings = settings_for(config, **changes)
    script: list = [(first, settings)]
    for frame in range(first, first + frames):
        script.append((frame + 1, settings))
        script += rows_for(config, frame, settings)
    return script


@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("changes", [
    {}, {"row_skip": 1, "column_skip": 1}, {"row_skip": 2, "column_skip": 2},
    {"row_start": 2, "row_end": 5, "column_start": 4, "column_end": 19}])
def test_whole_frames_are_not_blamed(lanes, changes):
    config = config_of(lanes)
    assert blamed(config, stream_of(config, 3, first=0xFFFE, **changes)) == []


def test_frames_of_changing_size_and_channels_that_overlap_are_not_blamed(seed):
    config, draw = config_of(), np.random.default_rng(seed)
    script: list = []
    before: list = []
    for frame in range(7):
        start = int(draw.integers(0, 4)) * 2
        settings = settings_for(config, row_start=start, row_end=start + 5)
        script.append((frame, settings))
        rows = [rows_for(config, frame, settings, channel) for channel in range(3)]
        # The last channel lags: its rows come among those of the frame that follows.
        merged = [*rows[0], *before, *rows[1]]
        before = rows[2]
        script += merged
    assert blamed(config, script) == []


def damaged(config, damage) -> tuple[list[int], int]:
    """Who is blamed in three frames of which the second is damaged, and where that begins."""
    script = stream_of(config, 3)
    place = next(index for index, item in enumerate(script)
                 if isinstance(item, Sent) and (item.frame, item.row) == (1, 5))
    changed = damage(script, place)
    return blamed(config, changed), place


@pytest.mark.parametrize("damage, at", [
    (lambda s, p: s[:p] + s[p + 1:], 0),
    (lambda s, p: [*s[:p], s[p], *s[p:]], 1),
    (lambda s, p: [*s[:p], s[p + 1], s[p], *s[p + 2:]], 0),
    (lambda s, p: [*s[:p], replace(s[p], beats=31), *s[p + 1:]], 0),
    (lambda s, p: [*s[:p], replace(s[p], beats=33), *s[p + 1:]], 0),
    (lambda s, p: [*s[:p], replace(s[p], last=True), *s[p + 1:]], 0),
    (lambda s, p: [*s[:p], replace(s[p], frame=2), *s[p + 1:]], 0),
    (lambda s, p: [*s[:p], replace(s[p], row=4), *s[p + 1:]], 0),
])
def test_a_damaged_row_is_told_at_once(damage, at):
    places, place = damaged(config_of(), damage)
    assert places[0] == place + at
    assert all(found <= place + 2 for found in places), "what follows is not blamed for it"


def test_a_lost_end_is_told_by_the_next_frame():
    config = config_of()
    places, place = damaged(config, lambda s, p: s[:p] + [
        item for item in s[p:] if not (isinstance(item, Sent) and item.frame == 1)])
    assert places == [place + 1]


def test_a_lost_frame_is_told_by_the_next_one():
    config = config_of()
    script = [item for item in stream_of(config, 4)
              if not (isinstance(item, Sent) and item.frame == 1)]
    first = next(index for index, item in enumerate(script)
                 if isinstance(item, Sent) and item.frame == 2)
    assert blamed(config, script) == [first]


def test_a_frame_number_that_jumps_is_told():
    config = config_of()
    settings = settings_for(config)
    assert blamed(config, [(5, settings), (6, settings), (8, settings), (9, settings)]) == [2]


def test_a_row_that_nobody_planned_is_told():
    config = config_of()
    assert blamed(config, rows_for(config, 0, settings_for(config))[:1]) == [0]


def test_the_injection_is_found_in_standby_and_in_the_next_row_and_leaves_nothing_behind():
    dut = FrameCount(config_of())

    async def testbench(ctx):
        ctx.set(dut.inject, 1)
        await ctx.tick().repeat(LATENCY_CYCLES)
        assert ctx.get(dut.raised)
        ctx.set(dut.inject, 0)
        for _ in range(20):
            await ctx.tick()
            assert not ctx.get(dut.raised)

    simulate(dut, testbench, cycles=60)
