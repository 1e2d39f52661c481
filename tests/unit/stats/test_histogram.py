# SPDX-License-Identifier: Apache-2.0
"""Counts are the model's for every region, and levels are what they say."""

from math import log2
from random import Random

import numpy as np
import pytest

from support import Traffic, simulate
from support.adoption import adopt
from support.rows import Row, arrival_order, feed_rows
from support.stats import LEVELS, small_frame_settings
from tapetum.config import AdcConfig, HdrConfig, PixelArrayConfig
from tapetum.hdr.align import reading_order
from tapetum.pixel import RowKind, corrected_bits
from tapetum.presets import preset
from tapetum.stats.histogram import Histogram
from tapetum.stats.levels import LevelOfCode
from tapetum_sim.models.auto_exposure import level_logarithm
from tapetum_sim.models.histogram import HistogramModel, levels_of_codes
from tapetum_sim.models.row import ModelRow

ZONE_COUNTERS = 16 * 32


def small_config(*, captures=4, lanes=1, columns=32, rows=12):
    tiny = preset("tiny")
    return tiny.with_(captures=tiny.captures[:captures], lanes=lanes,
                      array=PixelArrayConfig(columns=columns, rows=rows, optical_black_rows=4),
                      hdr=HdrConfig(line_buffer_lag_lines=4))


def draw_rows(config, settings, frame, generator):
    """A frame of codes of every size, rows in order of arrival."""
    rows, columns = settings["rows_read"], settings["columns_read"]
    bits = corrected_bits(config)
    order = arrival_order(config, frames=1, rows=rows, frame_length_lines=rows + 20,
                          lag_lines=settings["settings"]["lag_lines"],
                          masks=[settings["settings"]["capture_mask"]], first_frame=frame)
    for _, row, capture in order:
        codes = np.exp2(generator.uniform(0, bits, columns)).astype(np.int64)
        codes = np.where(generator.random(columns) < 0.3, codes[0], codes)
        codes = np.where(generator.random(columns) < 0.1, (1 << bits) - 1, codes)
        yield ModelRow(frame=frame, capture=capture, kind=RowKind.ACTIVE, row=row, array_row=row,
                       frame_last=row == rows - 1, codes=np.minimum(codes, (1 << bits) - 1),
                       columns=np.arange(columns), optical_black=np.zeros(columns, bool))


def stream_row(row: ModelRow) -> Row:
    return Row(codes=row.codes.tolist(), frame=row.frame, row=row.row, capture=row.capture,
               frame_last=row.frame_last)


async def read_counts(ctx, dut, config):
    """(levels, zones) of all captures."""
    async def sweep(address, count, number):
        counts = []
        for index in range(number + 3):
            ctx.set(address, min(index, number - 1))
            if index >= 3:
                counts.append(ctx.get(count))
            await ctx.tick()
        return counts

    captures = len(config.captures)
    levels = await sweep(dut.level_address.as_value(), dut.level_count, captures * LEVELS)
    zones = await sweep(dut.zone_address.as_value(), dut.zone_count, captures * ZONE_COUNTERS)
    return np.reshape(levels, (captures, LEVELS)), np.reshape(zones, (captures, 16, 32))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("captures, lanes", [(4, 1), (3, 2), (1, 4)])
@pytest.mark.parametrize("kind", ["full", "bubbles"])
def test_counts_are_the_models(captures, lanes, kind, seed):
    config = small_config(captures=captures, lanes=lanes)
    dut, random, generator = Histogram(config), Random(seed), np.random.default_rng(seed)
    model = HistogramModel(config, metering_zones=0x5AF3)
    completed = []

    async def testbench(ctx):
        ctx.set(dut.metering_zones, model.metering_zones)
        await ctx.tick().repeat(ZONE_COUNTERS * captures)
        for frame in (7, 8, 9):
            settings = small_frame_settings(config, random)
            await adopt(ctx, dut.settings, frame, settings["settings"])
            rows = list(draw_rows(config, settings, frame, generator))
            finished = [model.row(row, settings["settings"]) for row in rows][-1]
            assert finished is not None
            await feed_rows(ctx, dut.i, map(stream_row, rows), Traffic.of(kind, seed).put)
            levels, zones = await read_counts(ctx, dut, config)
            assert ctx.get(dut.frame) == finished.frame == frame
            assert (levels == finished.levels).all()
            assert (zones == finished.zones).all()
            assert zones.sum() > 0

    async def watch(ctx):
        async for _, _, complete, frame in ctx.tick().sample(dut.complete, dut.frame):
            if complete:
                completed.append(frame)

    simulate(dut, testbench, cycles=60_000, background=(watch,))
    assert completed == [7, 8, 9], "once per frame"


def test_the_set_is_complete_with_the_last_capture_of_the_mask(seed):
    config = small_config()
    dut, generator = Histogram(config), np.random.default_rng(seed)
    settings = small_frame_settings(config, None, mask=0b0101)
    assert reading_order(config).index(2) > reading_order(config).index(0)
    rows = list(draw_rows(config, settings, 4, generator))
    completions = []

    async def testbench(ctx):
        await adopt(ctx, dut.settings, 0, settings["settings"])
        for row in rows:
            completions.append(0)
            await feed_rows(ctx, dut.i, [stream_row(row)])

    async def watch(ctx):
        async for _, _, complete in ctx.tick().sample(dut.complete):
            if complete:
                completions[-1] += 1

    simulate(dut, testbench, cycles=20_000, background=(watch,))
    assert completions == [0] * (len(rows) - 1) + [1]
    assert rows[-1].capture == 2


def test_a_frame_that_never_ends_is_counted_with_the_next_one(seed):
    config = small_config()
    dut, generator = Histogram(config), np.random.default_rng(seed)
    settings = small_frame_settings(config, None)
    *rows, _ = draw_rows(config, settings, 0, generator)
    per_frame = 4 * settings["rows_read"] * settings["columns_read"] // config.lanes

    async def testbench(ctx):
        for frame, arriving in ((0, rows), (1, draw_rows(config, settings, 1, generator)),
                                (2, draw_rows(config, settings, 2, generator))):
            await ctx.tick().repeat(512 * 4)
            await adopt(ctx, dut.settings, frame, settings["settings"])
            await feed_rows(ctx, dut.i, map(stream_row, arriving))
            await ctx.tick().repeat(12)
            if frame:
                levels, zones = await read_counts(ctx, dut, config)
                lost = settings["columns_read"] // config.lanes
                counted = 2 * per_frame - lost if frame == 1 else per_frame
                assert (ctx.get(dut.frame), levels.sum(), zones.sum()) == (frame, counted, counted)

    simulate(dut, testbench, cycles=30_000)


def config_of_bits(bits, fraction_bits):
    return preset("vga").with_(
        adc=AdcConfig(bits=bits, reset_counts=128), adc_clock_hz=4e9,
        hdr=HdrConfig(line_buffer_lag_lines=8, fraction_bits=fraction_bits))


@pytest.mark.parametrize("bits, fraction_bits", [(8, 0), (12, 2), (14, 4)])
def test_levels_are_the_models(bits, fraction_bits, seed):
    config = config_of_bits(bits, fraction_bits)
    dut, generator = LevelOfCode(config), np.random.default_rng(seed)
    largest = (1 << corrected_bits(config)) - 1
    codes = np.exp2(generator.uniform(0, corrected_bits(config), 1000)).astype(np.int64)
    codes = np.concatenate([[0, 1, largest, largest - 1], np.minimum(codes, largest),
                            (config.adc.pedestal_codes << fraction_bits) + np.arange(-3, 40)])

    async def testbench(ctx):
        levels = []
        for code in [*codes.tolist(), *[0] * dut.latency_cycles]:
            ctx.set(dut.code, code)
            await ctx.tick()
            levels.append(ctx.get(dut.level))
        late = dut.latency_cycles - 1
        assert levels[late:late + codes.size] == levels_of_codes(codes, config).tolist()

    simulate(dut, testbench, cycles=3000)


@pytest.mark.parametrize("bits, fraction_bits", [(8, 0), (12, 2), (14, 4)])
def test_a_level_is_an_eighth_of_an_octave(bits, fraction_bits):
    config = config_of_bits(bits, fraction_bits)
    scale = 1 << fraction_bits
    light = np.arange(-5, config.adc.full_well_codes * scale)
    codes = light + config.adc.pedestal_codes * scale
    levels = levels_of_codes(np.maximum(codes, 0), config)
    assert (np.diff(levels) >= 0).all()
    assert levels[light < 1].max() == 0
    saturation = config.adc.saturation_codes * scale
    assert set(levels[light >= saturation]) == {127}
    assert levels[light < saturation].max() == 126
    certain = (light >= 16 * scale) & (light < saturation)
    error = [abs(level_logarithm(int(level), config) / 256 - log2(value))
             for level, value in zip(levels[certain], light[certain], strict=True)]
    assert max(error) <= 0.1, "octaves"


def test_lanes_see_every_column_alike(seed):
    """A picture of vertical stripes has the same histogram on every lane count."""
    counts = []
    for lanes in (1, 2, 4):
        config = small_config(captures=1, lanes=lanes)
        settings = small_frame_settings(config, None)
        model, last = HistogramModel(config), None
        stripes = np.tile([300, 600, 1200, 2400], config.array.columns // 4)
        for row in draw_rows(config, settings, 0, np.random.default_rng(seed)):
            last = model.row(row.with_(codes=stripes), settings["settings"]) or last
        assert last is not None
        counts.append(last.levels[0] * lanes)
    assert (counts[0] == counts[1]).all()
    assert (counts[0] == counts[2]).all()
