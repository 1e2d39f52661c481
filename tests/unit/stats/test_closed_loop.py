# SPDX-License-Identifier: Apache-2.0
"""Rows in, settings out, and the next rows taken with them: the RTL in its loop."""

from typing import Any

import numpy as np
from amaranth import *

from support import simulate
from support.adoption import adopt as give
from support.exposure_loop import Loop, SteppedScene, frame_rows, loop_config, settled_after
from support.rows import Row, feed_rows
from tapetum.control.frame_settings import FrameSettings, adopted_settings
from tapetum.stats.auto_exposure import AutoExposure
from tapetum.stats.exposure_control import ExposureControl
from tapetum.stats.histogram import Histogram
from tapetum_sim.models.auto_exposure import AutoExposureModel
from tapetum_sim.models.histogram import HistogramModel
from tapetum_sim.pixel_die import PixelDie

STEP_FRAME, FRAMES = 2, 5
BRIGHT, DIM = 3e7, 3e4


class LoopedRoom(Elaboratable):
    """`Histogram` and `AutoExposure`, as the die wires them."""

    def __init__(self, config):
        self.config = config
        self.histogram, self.exposure = Histogram(config), AutoExposure(config)
        self.adopted = Signal(adopted_settings(config))

    def elaborate(self, platform):
        m = Module()
        m.submodules.histogram = histogram = self.histogram
        m.submodules.exposure = exposure = self.exposure
        m.d.comb += [
            histogram.settings.eq(self.adopted), exposure.adopted.eq(self.adopted),
            exposure.complete.eq(histogram.complete), exposure.frame.eq(histogram.frame),
            histogram.level_address.eq(exposure.level_address),
            exposure.level_count.eq(histogram.level_count),
        ]
        return m


def exposed(settings: Any) -> list[dict[str, int]]:
    return [{name: int(capture[name]) for name in (
        "coarse_integration_lines", "fine_integration_cycles", "normalisation_mantissa",
        "normalisation_shift")} for capture in settings["captures"]]


def test_a_step_of_a_thousand_settles_and_every_frame_is_the_models(seed):
    config = loop_config(columns=16, rows=8)
    room, model, histogram = LoopedRoom(config), AutoExposureModel(config), HistogramModel(config)
    control: Any = model.control
    host: Any = FrameSettings.defaults(config)
    picture = np.exp2(np.random.default_rng(seed).normal(0, 1, (8, 16)))
    light = [(0.0, DIM), ((STEP_FRAME - 1) * config.frame_time_s, BRIGHT)]
    die = PixelDie(config, SteppedScene(config, picture, light), seed=seed)
    taken: list[dict[str, Any]] = []

    async def adopt(ctx, frame):
        made = ctx.get(room.exposure.settings_out)
        planned = model.apply(host)
        assert exposed(made) == exposed(planned), f"frame {frame}"
        taken.append(planned)
        await give(ctx, room.adopted, frame, made)

    async def testbench(ctx):
        ctx.set(room.exposure.settings, FrameSettings(config).const(host))
        ctx.set(room.exposure.control, ExposureControl(config).const(control))
        await ctx.tick().repeat(room.exposure.longest_cycles)
        await adopt(ctx, 0)
        for frame in range(FRAMES):
            await adopt(ctx, frame + 1)
            rows = list(frame_rows(config, die, frame, taken[frame]))
            finished = [histogram.row(row, taken[frame]) for row in rows][-1]
            assert finished is not None
            model.measure(taken[frame], finished.levels)
            await feed_rows(ctx, room.histogram.i, (
                Row(codes=row.codes.tolist(), frame=row.frame, row=row.row, capture=row.capture,
                    frame_last=row.frame_last) for row in rows))
            await ctx.tick().repeat(room.exposure.longest_cycles)

    simulate(room, testbench, cycles=80_000)
    assert settled_after(Loop(config, taken), STEP_FRAME) <= 3
    before, after = (taken[frame]["captures"][1]["coarse_integration_lines"]
                     for frame in (STEP_FRAME - 1, -1))
    assert before > 200 * after
