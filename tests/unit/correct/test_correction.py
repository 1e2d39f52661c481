# SPDX-License-Identifier: Apache-2.0
"""Black becomes the pedestal in every capture, from the first frame on, bit for bit."""

import numpy as np
import pytest

from support import Traffic, simulate
from support.rows import Row, collect_beats, feed_rows, rows_of
from tapetum.config import HdrConfig, PixelArrayConfig
from tapetum.correct.correction import Correction
from tapetum.pixel import RowKind, corrected_bits
from tapetum.presets import preset
from tapetum_sim.models.correct import black_levels, correct

ROWS, COLUMNS, BLACK_ROWS, BLACK_COLUMNS = 2, 16, 4, 8


def small_config(*, captures=4, lanes=1, fraction_bits=2, black_rows=BLACK_ROWS,
                 black_columns=BLACK_COLUMNS):
    tiny = preset("tiny")
    return tiny.with_(
        captures=tiny.captures[:captures], lanes=lanes,
        array=PixelArrayConfig(columns=COLUMNS, rows=ROWS, optical_black_rows=black_rows,
                               optical_black_columns=black_columns),
        hdr=HdrConfig(line_buffer_lag_lines=4, fraction_bits=fraction_bits))


def frame_rows(config, frame, dark, active, *, without=()):
    """All rows of a frame, captures interleaved; `dark` are optical-black, `active` the others."""
    rows = []
    shielded = config.array.optical_black_columns
    kinds = [(RowKind.TEST, 0)]
    kinds += [(RowKind.OPTICAL_BLACK, row) for row in range(dark.shape[1])]
    kinds += [(RowKind.ACTIVE, row) for row in range(active.shape[1])]
    for kind, row in kinds:
        for capture in range(len(config.captures)):
            if (kind, row, capture) in without:
                continue
            if kind is RowKind.TEST:
                codes = [config.adc.maximum_code - 1] * (shielded + COLUMNS)
            else:
                source = dark if kind is RowKind.OPTICAL_BLACK else active
                codes = source[capture, row]
            rows.append(Row(codes=codes, frame=frame, row=row, capture=capture, kind=kind,
                            optical_black_columns=shielded,
                            frame_last=kind is RowKind.ACTIVE and row == active.shape[1] - 1))
    return rows


def draw(config, generator, frames, *, low=0, high=None):
    high = config.adc.maximum_code if high is None else high
    shielded = config.array.optical_black_columns
    shape = (frames, len(config.captures))
    dark = generator.integers(0, 160, (*shape, config.array.optical_black_rows,
                                       shielded + COLUMNS))
    active = generator.integers(low, high, (*shape, ROWS, shielded + COLUMNS), endpoint=True)
    return dark, active


def run(config, rows, traffic=None):
    dut, beats, levels = Correction(config), [], []

    async def source(ctx):
        await feed_rows(ctx, dut.i, rows, *([traffic.put] if traffic else []))
        await ctx.tick().repeat(dut.latency_cycles)
        levels.extend(ctx.get(dut.black_levels))

    async def sink(ctx):
        await collect_beats(ctx, dut.o, beats)

    simulate(dut, source, cycles=100_000, background=(sink,))
    return rows_of(beats, "codes"), levels


@pytest.mark.parametrize("captures, lanes, fraction_bits", [(4, 1, 2), (3, 2, 0), (1, 4, 4)])
@pytest.mark.parametrize("kind", ["full", "bubbles"])
def test_every_code_is_the_models(captures, lanes, fraction_bits, kind, seed):
    config = small_config(captures=captures, lanes=lanes, fraction_bits=fraction_bits)
    generator = np.random.default_rng(seed)
    dark, active = draw(config, generator, 2)
    active[:, :, 0, ::3] = generator.choice([0, 1, config.adc.maximum_code - 1,
                                             config.adc.maximum_code], active[:, :, 0, ::3].shape)
    rows = [row for frame in range(2) for row in frame_rows(config, frame, dark[frame],
                                                            active[frame])]
    received, levels = run(config, rows, Traffic.of(kind, seed))

    shielded = config.array.optical_black_columns
    expected = correct(active[..., shielded:], dark[..., :shielded], config)
    assert len(received) == 2 * captures * ROWS, "active rows, nothing else"
    for beat, codes in received:
        tag = beat.tag
        assert tag.row_kind == RowKind.ACTIVE
        assert codes == expected[tag.frame, tag.capture, tag.row].tolist()
        assert beat.frame_last == (tag.row == ROWS - 1)
    assert levels == black_levels(dark[1, ..., :shielded], config).tolist()


@pytest.mark.parametrize("black", ["darker than the pedestal", "brighter than the pedestal"])
def test_codes_saturate_and_never_wrap(black):
    config = small_config(captures=1)
    shielded, full = config.array.optical_black_columns, config.adc.maximum_code
    level = 0 if black.startswith("darker") else 3 * config.adc.pedestal_codes
    dark = np.full((1, BLACK_ROWS, shielded + COLUMNS), level)
    active = np.full((1, ROWS, shielded + COLUMNS), full)
    active[0, 0] = [0, 1, full - 1, full] * ((shielded + COLUMNS) // 4)
    (_, codes), (_, white) = run(config, frame_rows(config, 0, dark, active))[0]
    largest = (1 << corrected_bits(config)) - 1
    assert set(white) == {largest}, "full scale stays full scale"
    assert codes[0] == (config.adc.pedestal_codes << 2 if level == 0 else 0)
    assert codes[2] == (largest if level == 0 else (full - 1 - 2 * config.adc.pedestal_codes) << 2)


def test_a_row_of_black_that_is_missing_leaves_the_last_level(seed):
    config = small_config(captures=2)
    dark, active = draw(config, np.random.default_rng(seed), 2)
    missing = {(RowKind.OPTICAL_BLACK, 2, 1)}
    rows = [*frame_rows(config, 0, dark[0], active[0]),
            *frame_rows(config, 1, dark[1], active[1], without=missing)]
    _, levels = run(config, rows)
    shielded = config.array.optical_black_columns
    expected = black_levels(dark[..., :shielded], config)
    assert levels == [expected[1, 0], expected[0, 1]]


def test_before_the_first_frame_black_is_the_pedestal():
    config = small_config(captures=2)
    dark, active = draw(config, np.random.default_rng(1), 1)
    none = {(RowKind.OPTICAL_BLACK, row, capture) for row in range(4) for capture in range(2)}
    received, levels = run(config, frame_rows(config, 0, dark[0], active[0], without=none))
    assert levels == [config.adc.pedestal_codes << 2] * 2
    assert received[0][1][0] >> 2 == active[0, 0, 0, config.array.optical_black_columns]


@pytest.mark.parametrize("black_rows, black_columns, lanes", [(2, 4, 4), (8, 16, 2), (2, 4, 1)])
def test_the_mean_holds_for_every_window(black_rows, black_columns, lanes, seed):
    config = small_config(captures=1, black_rows=black_rows, black_columns=black_columns,
                          lanes=lanes, fraction_bits=4)
    dark, active = draw(config, np.random.default_rng(seed), 1)
    _, levels = run(config, frame_rows(config, 0, dark[0], active[0]))
    assert levels == black_levels(dark[0, ..., :black_columns], config).tolist()


def test_latency_is_as_stated():
    config = small_config(captures=1)
    dut, counted = Correction(config), []

    async def source(ctx):
        row = Row(codes=[100] * COLUMNS)
        ctx.set(dut.i.payload, next(iter(row.beats(dut.i.payload.shape()))))
        ctx.set(dut.i.valid, 1)
        clocks = 0
        while not ctx.get(dut.o.valid):
            await ctx.tick()
            clocks += 1
        counted.append(clocks)

    simulate(dut, source, cycles=50)
    assert counted == [dut.latency_cycles]
