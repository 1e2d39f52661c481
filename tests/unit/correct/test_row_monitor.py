# SPDX-License-Identifier: Apache-2.0
"""A row that delivers nothing among lit ones is reported, wherever it is, and no other."""

import numpy as np
import pytest

from support import simulate
from support.rows import Row, feed_rows
from tapetum.config import PixelArrayConfig
from tapetum.correct.row_monitor import RowMonitor
from tapetum.pixel import corrected_bits
from tapetum.presets import preset
from tapetum_sim.models.row_monitor import dead_rows

COLUMNS, ROWS = 32, 8


def small_config(captures=4, lanes=1):
    tiny = preset("tiny")
    return tiny.with_(captures=tiny.captures[:captures], lanes=lanes,
                      array=PixelArrayConfig(columns=COLUMNS, rows=ROWS, optical_black_rows=4))


def pulses(config, frames):
    """Number of pulses for frames of codes (captures, rows, columns), captures interleaved."""
    dut, seen = RowMonitor(config), []
    rows = [Row(codes=frame[capture, row], frame=index, row=row, capture=capture,
                frame_last=row == frame.shape[1] - 1)
            for index, frame in enumerate(frames) for row in range(frame.shape[1])
            for capture in range(frame.shape[0])]

    async def source(ctx):
        await feed_rows(ctx, dut.i, rows)

    async def watch(ctx):
        async for _, _, dead in ctx.tick().sample(dut.dead_row):
            seen.append(dead)

    simulate(dut, source, cycles=50_000, background=(watch,))
    return sum(seen)


def lit(config, generator, captures):
    black = config.adc.pedestal_codes << config.hdr.fraction_bits
    return generator.integers(black + 200, 1 << corrected_bits(config), (captures, ROWS, COLUMNS))


@pytest.mark.sampled(4)
@pytest.mark.parametrize("row", range(ROWS))
def test_a_dead_row_is_found_at_every_position(row, seed):
    config = small_config()
    frame = lit(config, np.random.default_rng(seed), 4)
    frame[2, row] = config.adc.pedestal_codes << config.hdr.fraction_bits
    assert [dead_rows(frame[c], config) for c in range(4)] == [[], [], [row], []]
    assert pulses(config, [frame]) == 1


def test_black_frames_and_lit_ones_have_no_dead_row(seed):
    config = small_config()
    generator = np.random.default_rng(seed)
    black = np.full((4, ROWS, COLUMNS), config.adc.pedestal_codes << config.hdr.fraction_bits)
    noisy = black + generator.integers(-8, 9, black.shape)
    assert pulses(config, [lit(config, generator, 4), noisy, lit(config, generator, 4)]) == 0


@pytest.mark.parametrize("captures, lanes", [(4, 1), (2, 2), (1, 4)])
def test_the_number_of_dead_rows_is_the_models(captures, lanes, seed):
    config = small_config(captures, lanes)
    generator = np.random.default_rng(seed)
    black = config.adc.pedestal_codes << config.hdr.fraction_bits
    frames = []
    for _ in range(6):
        rows = 2 * int(generator.integers(1, ROWS // 2 + 1))
        levels = generator.choice([0, 8, 60, 70, 500], (captures, rows, 1))
        noise = generator.integers(-20, 21, (captures, rows, COLUMNS))
        frames.append(np.clip(black + levels + noise, 0, (1 << corrected_bits(config)) - 1))
    expected = sum(len(dead_rows(frame[c], config)) for frame in frames for c in range(captures))
    assert expected > 0
    assert pulses(config, frames) == expected


def test_short_rows_are_not_judged(seed):
    config = small_config()
    frame = lit(config, np.random.default_rng(seed), 4)[:, :, :28]
    frame[1, 4] = config.adc.pedestal_codes << config.hdr.fraction_bits
    assert pulses(config, [frame]) == 0 == len(dead_rows(frame[1], config))
