# SPDX-License-Identifier: Apache-2.0
"""The FPGA's pixel die against its model: what ramps see of every row, at its comparators."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from support import expect_rejected, simulate
from tapetum.presets import preset
from tapetum_boards.models.drawn_scene import drawn_scene
from tapetum_boards.models.pixel_die import BoardPixelDieModel, Light, Mode
from tapetum_boards.pixel_die.board_pixel_die import BoardPixelDie, settle_cycles
from tapetum_boards.pixel_die.drawn_scene import DRAWN_SCENES

TINY = preset("tiny")
CONFIG = replace(TINY, timing=replace(TINY.timing, reset_settle_ns=800, transfer_settle_ns=800,
                                      gain_settle_ns=800))
FULL = CONFIG.adc.full_well_codes << 4
MODES = (Mode(mantissa=3000, exponent=24, full_well=FULL * 7 // 4, shot_shift=2),
         Mode(mantissa=3277, exponent=21, full_well=FULL, shot_shift=3),
         Mode(mantissa=2048, exponent=17, full_well=FULL, shot_shift=4))
SETTLE = settle_cycles(CONFIG)
SEED = 0xC0FFEE11


class Bench:
    """Row lines, shutters and ramps, by hand."""

    def __init__(self, scene, lamp=(0, 0), *, defects=False):
        self.dut = BoardPixelDie(CONFIG, counter_domain="sync")
        self.scene, self.lamp = scene, lamp
        self.model = BoardPixelDieModel(CONFIG, drawn_scene(CONFIG.array, scene), MODES,
                                        seed=SEED, read_shift=1, defects=defects)
        self.defects = defects

    async def start(self, ctx):
        settings = self.dut.settings
        ctx.set(settings.scene, self.scene)
        ctx.set(settings.lamp_period_clocks, self.lamp[0])
        ctx.set(settings.lamp_on_clocks, self.lamp[1])
        ctx.set(settings.seed, SEED)
        ctx.set(settings.freeze, 1)
        ctx.set(settings.defects, self.defects)
        ctx.set(settings.read_shift, 1)
        for number, mode in enumerate(MODES):
            port = settings.modes[number]
            ctx.set(port.gain.mantissa, mode.mantissa)
            ctx.set(port.gain.exponent, mode.exponent)
            ctx.set(port.full_well, mode.full_well)
            ctx.set(port.shot_shift, mode.shot_shift)
        await ctx.tick()

    async def lines(self, ctx, clocks=SETTLE, **levels):
        for name, level in levels.items():
            ctx.set(getattr(self.dut.row_control, name), level)
        await ctx.tick().repeat(clocks)

    async def empty(self, ctx, index, row):
        shutter = self.dut.shutters[index]
        ctx.set(shutter.physical_row, row)
        ctx.set(shutter.reset, 1)
        await ctx.tick().repeat(3)
        ctx.set(shutter.reset, 0)
        await ctx.tick()

    async def ramp(self, ctx):
        """Code at which each comparator rose."""
        total, never = CONFIG.array.total_columns, CONFIG.adc.signal_counts
        trips = np.full(total, never)
        ctx.set(self.dut.ramp_active, 1)
        for clock in range(never + 3):
            ctx.set(self.dut.ramp_code, min(clock, never - 1))
            high = ctx.get(self.dut.comparators)
            for column in range(total):
                if high >> column & 1 and trips[column] == never:
                    trips[column] = clock - 2
            await ctx.tick()
            if high & (1 << total) - 1 == (1 << total) - 1:
                break
        ctx.set(self.dut.ramp_active, 0)
        await ctx.tick().repeat(4)
        return trips


@pytest.mark.parametrize("scene, defects", [
    (DRAWN_SCENES.STEP_CHART, False), (DRAWN_SCENES.TUNNEL_EXIT, True)])
def test_reset_and_both_gains_of_a_row_trip_where_the_model_says(scene, defects, seed):
    bench, generator = Bench(scene, defects=defects), Random(seed)
    first = CONFIG.array.dark_rows
    rows = [1, 3, first + generator.randrange(CONFIG.array.rows)]
    if defects:
        changed = (bench.model.scene != drawn_scene(CONFIG.array, scene)).any(axis=1)
        rows[2] = first + generator.choice(np.flatnonzero(changed).tolist())
    seen = []

    async def read(ctx):
        await bench.start(ctx)
        for row in rows:
            await bench.empty(ctx, 0, row)
            await ctx.tick().repeat(generator.randrange(20, 2000))
            await bench.lines(ctx, select=1, physical_row=row, reset=1, high_gain=0, clocks=4)
            await bench.lines(ctx, reset=0)
            seen.append(("reset low", row, await bench.ramp(ctx)))
            await bench.lines(ctx, high_gain=1)
            seen.append(("reset high", row, await bench.ramp(ctx)))
            await bench.lines(ctx, transfer_large=1, clocks=15)
            await bench.lines(ctx, transfer_large=0)
            light = ctx.get(bench.dut.light)
            seen.append(("high", row, await bench.ramp(ctx), light))
            await bench.lines(ctx, high_gain=0)
            seen.append(("low", row, await bench.ramp(ctx), light))
            await bench.lines(ctx, select=0, clocks=3)

    simulate(bench.dut, read, cycles=60_000)
    for what, row, trips, *light in seen:
        expected = bench.model.trips(
            row, small=False, high_gain="high" in what,
            light=Light(clocks=light[0].time, lamp_clocks=light[0].lamp) if light else None)
        np.testing.assert_array_equal(trips, expected, f"{what} of row {row}")


def test_a_lamp_lights_its_pixels_only_while_it_is_on(seed):
    lit = []
    for lamp in ((100, 0), (100, 100), (100, 25)):
        bench = Bench(DRAWN_SCENES.PULSED_SIGN, lamp)
        row = CONFIG.array.dark_rows + 1

        async def read(ctx, bench=bench, row=row):
            await bench.start(ctx)
            await ctx.tick().repeat(300)
            await bench.empty(ctx, 2, row)
            await ctx.tick().repeat(4000)
            await bench.lines(ctx, select=1, physical_row=row, reset=1, clocks=4)
            await bench.lines(ctx, reset=0)
            await bench.lines(ctx, transfer_small=1, clocks=15)
            await bench.lines(ctx, transfer_small=0)
            light = ctx.get(bench.dut.light)
            trips = await bench.ramp(ctx)
            expected = bench.model.trips(row, small=True, high_gain=False, light=Light(
                clocks=light.time, lamp_clocks=light.lamp))
            np.testing.assert_array_equal(trips, expected)
            lit.append((light.time, light.lamp))
        simulate(bench.dut, read, cycles=20_000)
    clocks = lit[0][0]
    assert [on for _, on in lit] == [0, clocks, pytest.approx(clocks / 4, abs=25)]
    assert 4000 < clocks < 4300


def test_shutters_that_let_go_together_are_all_remembered():
    bench = Bench(DRAWN_SCENES.STEP_CHART)
    exposures = []

    async def read(ctx):
        await bench.start(ctx)
        for index, row in ((0, 20), (1, 21), (2, 20)):
            ctx.set(bench.dut.shutters[index].physical_row, row)
            ctx.set(bench.dut.shutters[index].reset, 1)
        await ctx.tick().repeat(2)
        for index in range(3):
            ctx.set(bench.dut.shutters[index].reset, 0)
        await ctx.tick().repeat(1000)
        for row, line in ((20, "transfer_large"), (21, "transfer_large"), (20, "transfer_small")):
            await bench.lines(ctx, select=1, physical_row=row, clocks=10)
            await bench.lines(ctx, **{line: 1}, clocks=10)
            await bench.lines(ctx, **{line: 0}, clocks=80)
            exposures.append(ctx.get(bench.dut.light.time))

    simulate(bench.dut, read, cycles=5000)
    assert exposures == [1011 + 100 * turn for turn in range(3)]


def test_rejects_a_die_that_does_not_wait_for_its_columns():
    with expect_rejected("reset_settle_ns", "settle in"):
        BoardPixelDie(TINY)
