# SPDX-License-Identifier: Apache-2.0
"""The combined frame is the model's, bit for bit, whatever is captured, masked or lagging."""

import numpy as np
import pytest

from support import FULL_RATE, TrafficPattern, simulate
from support.adoption import adopt
from support.hdr import random_codes, random_settings, rolling_rows, run_hdr, small_config
from support.rows import Row
from tapetum.control.frame_settings import FrameSettings
from tapetum.hdr.hdr import Hdr
from tapetum_sim.models.hdr import combine, combine_marked


def draw_codes(config, settings, generator):
    """Codes (frames, captures, rows, columns) for the settings of each frame."""
    shape = (config.array.rows, config.array.columns)
    return np.array([random_codes(config, settings[frame], generator, shape)
                     for frame in sorted(settings)])


def assert_is_models(config, run, codes, settings, *, first_frame=0, masks=None):
    frames = len(codes)
    assert len(run.rows) == frames * config.array.rows
    flicker_counts, clipped_counts = [0] * frames, [0] * frames
    for number, ((beat, values), clipped, flicker) in enumerate(
            zip(run.rows, run.clipped, run.flicker, strict=True)):
        index, row = divmod(number, config.array.rows)
        assert (beat.tag.frame, beat.tag.row) == (first_frame + index, row), "in order"
        assert beat.frame_last == (row == config.array.rows - 1)
        expected = combine_marked(codes[index, :, row], config,
                                  settings[(first_frame + index) % 4])
        assert values == expected.values.tolist()
        assert clipped == expected.clipped.tolist()
        assert flicker == expected.flicker.tolist()
        flicker_counts[index] += sum(flicker)
        clipped_counts[index] += sum(clipped)
    assert (run.flicker_counts, run.clipped_counts) == (tuple(flicker_counts),
                                                        tuple(clipped_counts))
    assert (run.overflows, run.mismatches) == (0, 0)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("captures, lanes, fraction_bits, lag", [
    (1, 1, 2, 0), (2, 2, 0, 0), (4, 1, 2, 4), (4, 4, 1, 1)])
@pytest.mark.parametrize("kind", ["full", "bubbles"])
def test_every_value_is_the_models(captures, lanes, fraction_bits, lag, kind, seed):
    config = small_config(captures=captures, lanes=lanes, fraction_bits=fraction_bits, rows=4)
    generator = np.random.default_rng([seed, captures, lanes])
    settings = {frame: random_settings(config, generator) for frame in range(2)}
    codes = draw_codes(config, settings, generator)
    lags = [0, 0, 0, lag][:captures]
    rows = rolling_rows(config, codes, lag_lines=lags, masks=[(1 << captures) - 1] * 2)
    pattern = TrafficPattern.random(seed) if kind == "bubbles" else FULL_RATE
    assert_is_models(config, run_hdr(config, rows, settings, pattern, seed=seed), codes, settings)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("masks", [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 1]])
def test_masked_captures_do_not_count(masks, seed):
    config = small_config(rows=2, lanes=2)
    generator = np.random.default_rng([seed, *masks])
    settings = {frame: random_settings(config, generator, mask=mask)
                for frame, mask in enumerate(masks)}
    codes = draw_codes(config, settings, generator)
    rows = rolling_rows(config, codes, lag_lines=[0, 0, 0, 2], masks=masks)
    assert_is_models(config, run_hdr(config, rows, settings), codes, settings)


def test_lags_up_to_the_line_buffers_size_across_frames(seed):
    """The lag exceeds the blanking: rows of two frames are in the rings at once."""
    config = small_config()
    generator = np.random.default_rng(seed)
    settings = {frame: random_settings(config, generator) for frame in range(4)}
    codes = draw_codes(config, settings, generator)[[2, 3, 0, 1]]
    rows = rolling_rows(config, codes, lag_lines=[0, 0, 2, 4], masks=[15] * 4, first_frame=6)
    assert_is_models(config, run_hdr(config, rows, settings), codes, settings, first_frame=6)


@pytest.mark.parametrize("lost", [(0, 1, 0), (0, 2, 2), (0, 5, 1)])
def test_a_row_without_one_capture_leaves_with_the_others(lost, seed):
    config = small_config()
    generator = np.random.default_rng(seed)
    settings = {frame: FrameSettings.defaults(config) for frame in range(2)}
    codes = draw_codes(config, settings, generator)
    rows = rolling_rows(config, codes, lag_lines=[0, 0, 0, 4], masks=[15] * 2, without={lost})
    run = run_hdr(config, rows, settings)
    assert run.mismatches == 1
    for number, (_, values) in enumerate(run.rows):
        frame, row = divmod(number, config.array.rows)
        present = [[(frame, row, capture) != lost] for capture in range(4)]
        expected, _ = combine(codes[frame, :, row], config, settings[frame], present)
        assert values == expected.tolist()


def test_a_row_whose_last_capture_is_missing_is_reported_and_the_next_is_right(seed):
    config = small_config()
    settings = {frame: FrameSettings.defaults(config) for frame in range(2)}
    codes = draw_codes(config, settings, np.random.default_rng(seed))
    rows = rolling_rows(config, codes, lag_lines=[0, 0, 0, 4], masks=[15] * 2,
                        without={(0, 2, 3), (1, 5, 3)})
    run = run_hdr(config, rows, settings)
    left = [(beat.tag.frame, beat.tag.row) for beat, _ in run.rows]
    assert left == [(f, r) for f in range(2) for r in range(6) if (f, r) not in {(0, 2), (1, 5)}]
    for (frame, row), (_, values) in zip(left, run.rows, strict=True):
        assert values == combine(codes[frame, :, row], config)[0].tolist()
    assert run.mismatches == 1, "the end of the last frame shows only when a next one comes"


def test_a_lag_beyond_the_buffer_is_reported_and_the_next_frame_recovers(seed):
    config = small_config(lag_lines=4)
    settings = {frame: FrameSettings.defaults(config) for frame in range(2)}
    codes = draw_codes(config, settings, np.random.default_rng(seed))
    late = rolling_rows(config, codes[:1], lag_lines=[0, 0, 0, 5], masks=[15])
    good = rolling_rows(config, codes[1:], lag_lines=[0, 0, 0, 4], masks=[15], first_frame=1)
    run = run_hdr(config, late + good, settings)
    assert run.overflows > 0
    assert len(run.rows) == 12, "every row leaves"
    for row, (_, values) in enumerate(run.rows[6:]):
        assert values == combine(codes[1, :, row], config)[0].tolist()


@pytest.mark.parametrize("lanes", [1, 4])
def test_latency_is_as_stated_and_a_row_leaves_without_bubbles(lanes):
    config = small_config(captures=1, lanes=lanes)
    dut, valid = Hdr(config), []

    async def source(ctx):
        await adopt(ctx, dut.settings, 0, FrameSettings.defaults(config))
        for beat in Row(codes=[100] * 16).beats(dut.i.payload.shape()):
            ctx.set(dut.i.payload, beat)
            ctx.set(dut.i.valid, 1)
            valid.append(ctx.get(dut.o.valid))
            await ctx.tick()
        ctx.set(dut.i.valid, 0)
        for _ in range(60):
            valid.append(ctx.get(dut.o.valid))
            await ctx.tick()

    simulate(dut, source, cycles=200)
    assert valid.index(1) == dut.latency_cycles
    assert valid[dut.latency_cycles:].index(0) == 16 // lanes == sum(valid)
