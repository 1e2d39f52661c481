# SPDX-License-Identifier: Apache-2.0
"""Planning a frame; its results are tested through the whole controller."""

import pytest

from support import simulate
from tapetum.control.frame_settings import FrameSettings
from tapetum.readout.frame_planner import PLANNING_CYCLES, FramePlanner

from .bench import small_die


@pytest.mark.parametrize("captures", [1, 4])
def test_a_frame_is_planned_before_the_shortest_line_ends(captures):
    config = small_die(captures)
    planner = FramePlanner(config)

    async def bench(ctx):
        ctx.set(planner.settings, FrameSettings.defaults(config))
        ctx.set(planner.line_length, config.timing.line_length_cycles)
        ctx.set(planner.fresh, 1)
        ctx.set(planner.plan, 1)
        await ctx.tick()
        ctx.set(planner.plan, 0)
        cycles = 1
        while not ctx.get(planner.planned):
            await ctx.tick()
            cycles += 1
        assert cycles <= PLANNING_CYCLES < 64

    simulate(planner, bench, cycles=200)
