# SPDX-License-Identifier: Apache-2.0
"""The defect correction does what its model does, whatever comes, and loses no row silently."""

from dataclasses import replace

import numpy as np
import pytest

from support import Traffic
from tapetum.correct.defects.defect_correction import DefectCorrection
from tapetum.pixel import corrected_bits
from tapetum_sim.models.defects import DefectsModel, KnownDefect
from unit.correct.defect_bench import (
    GAP_CYCLES,
    FramePlan,
    expected_rows,
    frame_rows,
    run_defects,
    small_config,
)


def draw_plan(config, generator, frame):
    """Any region, skip, flip, mask and enables."""
    skip, row_skip = (int(generator.integers(3)) for _ in range(2))
    rows = 2 * int(generator.integers(1, config.array.rows // 2 + 1))
    row_start = 2 * int(generator.integers((config.array.rows - rows) // 2 + 1))
    widths = [width for width in range(2, config.array.columns + 1, 2)
              if -(-width // (2 << skip)) * 2 % 4 == 0]
    width = int(generator.choice(widths))
    column_start = 2 * int(generator.integers((config.array.columns - width) // 2 + 1))
    return FramePlan(
        column_start=column_start, column_end=column_start + width - 1, column_skip=skip,
        row_start=row_start, row_end=row_start + rows - 1, row_skip=row_skip,
        flip_columns=bool(generator.integers(2)), flip_rows=bool(generator.integers(2)),
        mask=int(generator.integers(1, 1 << len(config.captures))) if frame % 2 else 0b1111,
        dynamic=bool(generator.integers(4)), listed=bool(generator.integers(4)))


def draw_codes(config, generator):
    """Fields of a few levels with noise, steps, outliers, and all ones; per capture."""
    full = (1 << corrected_bits(config)) - 1
    shape = (len(config.captures), config.array.rows, config.array.columns)
    base = generator.choice([full // 64, full // 40, full // 10, full // 2, full],
                            (shape[0], 1, 1))
    spread = generator.choice([0, 2, 12, full // 20], (shape[0], 1, 1))
    codes = base + generator.normal(0, 1, shape) * spread
    outliers = generator.random(shape) < 0.08
    codes[outliers] = generator.choice([0, full // 3, full], int(outliers.sum()))
    return np.clip(np.rint(codes), 0, full).astype(np.int64)


def draw_list(config, generator, count):
    places = generator.choice(config.array.rows * config.array.columns, count, replace=False)
    return [KnownDefect(int(place) // config.array.columns, int(place) % config.array.columns,
                        int(generator.integers(1, 4))) for place in sorted(places)]


def draw_thresholds(config, generator):
    full = (1 << corrected_bits(config)) - 1
    shape = (len(config.captures), 256)
    return {"defect": generator.integers(0, full // 8, shape),
            "support": generator.integers(0, full // 4, shape)}


def slots(config, plans, frames, *, lags, beat_cycles):
    """Rows at the start of their capture's slot of each line, lagged captures later."""
    slot = config.array.columns // config.lanes * beat_cycles + GAP_CYCLES
    line = slot * len(config.captures)
    timed, begin = [], 0
    for frame, rows in frames.items():
        assert plans[frame].line_length_cycles == line
        timed += [(begin + (row.row + lags[row.capture]) * line + row.capture * slot, row)
                  for row in rows]
        begin += (max(row.row for row in rows) + 4) * line
    return sorted(timed, key=lambda pair: pair[0])


def line_length(config, beat_cycles):
    return len(config.captures) * (config.array.columns // config.lanes * beat_cycles + GAP_CYCLES)


def compare(run, expected, config):
    """All rows of all captures are the model's, bit for bit, and rows stay apart."""
    for capture in range(len(config.captures)):
        received, wanted = run.of(capture), expected.get(capture, [])
        assert len(received) == len(wanted)
        for (beat, codes), row in zip(received, wanted, strict=True):
            tag = beat.tag
            assert (tag.frame, tag.row, tag.array_row) == (row.frame, row.row, row.array_row)
            assert codes == row.codes.tolist(), f"{capture=}, frame {tag.frame}, row {tag.row}"
            assert beat.frame_last == row.frame_last
    for (_, ended, _, _), (began, _, _, _) in zip(run.rows, run.rows[1:], strict=False):
        assert began - ended > GAP_CYCLES


@pytest.mark.parametrize("captures, lanes, bits, fraction_bits, mono, kind", [
    (4, 1, 10, 2, False, "full"), (3, 2, 12, 0, True, "full"),
    pytest.param(3, 1, 8, 0, False, "bubbles", marks=pytest.mark.slow),
    (1, 4, 14, 4, False, "bubbles")])
def test_every_code_is_the_models(captures, lanes, bits, fraction_bits, mono, kind, seed):
    check_against_model(captures=captures, lanes=lanes, bits=bits, fraction_bits=fraction_bits,
                        mono=mono, kind=kind, seed=seed, frames=3)


def check_against_model(*, captures, lanes, bits, fraction_bits, mono, kind, seed, frames):
    """Frames of changing size, list and thresholds at random, captures interleaved."""
    config = small_config(captures=captures, lanes=lanes, bits=bits, columns=16 * lanes, rows=12,
                          fraction_bits=fraction_bits, mono=mono)
    generator = np.random.default_rng([seed, captures, lanes])
    traffic = Traffic.of(kind, seed)
    beat_cycles = 1 if kind == "full" else 4
    line = line_length(config, beat_cycles)
    plans = {frame: replace(draw_plan(config, generator, frame), line_length_cycles=line)
             for frame in range(frames)}
    rows = {frame: frame_rows(config, plan, frame, draw_codes(config, generator))
              for frame, plan in plans.items()}
    known, thresholds = draw_list(config, generator, 24), draw_thresholds(config, generator)
    lags = (0, 0, 1, 3)[:captures]
    timed = slots(config, plans, rows, lags=lags, beat_cycles=beat_cycles)
    model = DefectsModel(config, thresholds=thresholds, known=known)
    expected = expected_rows(model, [row for _, row in timed], plans)

    run = run_defects(config, timed, plans, known=known, thresholds=thresholds,
                      pattern=traffic.put, settle=3 * line)
    compare(run, expected, config)
    assert run.corrected == model.corrected
    assert (run.collisions, run.missed, run.invalid) == (0, 0, False)


def flat_rows(config, plan, frame, *, level=2000, spoiled=()):
    codes = np.full((len(config.captures), config.array.rows, config.array.columns), level)
    for capture, row, column in spoiled:
        codes[capture, row, column] = level // 2
    return frame_rows(config, plan, frame, codes)


def test_rows_leave_at_the_stated_latency_and_the_last_two_in_their_slots():
    """The last two of each capture one and two lines after its last row, to the clock."""
    config = small_config(captures=3)
    dut, line = DefectCorrection(config), line_length(config, 1) + 7
    plans = {0: FramePlan(line_length_cycles=line)}
    slot = line // 3
    timed = [(row.row * line + row.capture * slot, row)
             for row in flat_rows(config, plans[0], 0)]
    run = run_defects(config, timed, plans, settle=3 * line)
    left = {(beat.tag.frame, beat.tag.capture, beat.tag.row): began
            for began, _, beat, _ in run.rows}
    assert left == {row: came + 2 * line + dut.latency_cycles for row, came in run.came.items()}


def test_a_defect_in_either_of_the_last_rows_is_counted_in_its_frame():
    config = small_config(captures=2)
    spoiled = [(0, 0, 0), (0, 10, 3), (0, 11, 15), (1, 11, 0)]
    line = line_length(config, 1)
    plans = {frame: FramePlan(line_length_cycles=line) for frame in range(2)}
    frames = {0: flat_rows(config, plans[0], 0),
              1: flat_rows(config, plans[1], 1, spoiled=spoiled)}
    timed = slots(config, plans, frames, lags=(0, 0), beat_cycles=1)
    run = run_defects(config, timed, plans, settle=3 * line)
    assert run.corrected == [3, 1]
    assert all(set(codes) == {2000} for _, _, _, codes in run.rows)


@pytest.mark.parametrize("delay_cycles, lost, is_cut", [
    (100, 2, False), (126, 2, True), (150, 1, False)])
def test_a_frame_that_comes_too_early_has_precedence_and_is_whole(delay_cycles, lost, is_cut):
    """Its predecessor loses what had not left, ends in order, and the loss is told.

    The rows to flush begin 100 and 200 clocks after the last row and are 16 clocks long.
    """
    config = small_config(captures=1, rows=6)
    line, width = 100, config.array.columns
    plans = {frame: FramePlan(line_length_cycles=line) for frame in range(3)}
    frames = {frame: flat_rows(config, plans[frame], frame, level=2000 + frame)
              for frame in range(3)}
    early = 5 * line + delay_cycles
    begins = (0, early, early + 10 * line)
    timed = [(begins[frame] + row.row * line, row) for frame in range(3)
             for row in frames[frame]]
    run = run_defects(config, timed, plans)
    assert run.collisions == 1
    by_frame = {frame: [(beat.tag.row, codes, beat.frame_last) for beat, codes in run.of(0)
                        if beat.tag.frame == frame] for frame in range(3)}
    for frame in (1, 2):
        assert [row for row, _, _ in by_frame[frame]] == list(range(6))
        assert [last for _, _, last in by_frame[frame]] == [0] * 5 + [1]
    for frame in range(3):
        for _, codes, _ in by_frame[frame]:
            assert set(codes) == {2000 + frame}
    whole = [row for row, codes, _ in by_frame[0] if len(codes) == width]
    assert whole == list(range(6 - lost))
    assert len(by_frame[0]) == len(whole) + is_cut
    assert by_frame[0][-1][2] == is_cut, "a row that is cut ends its frame"
    for (_, ended, _, _), (began, _, _, _) in zip(run.rows, run.rows[1:], strict=False):
        assert began - ended > GAP_CYCLES


@pytest.mark.parametrize("known, usable", [
    ([KnownDefect(3, 4), KnownDefect(3, 5), KnownDefect(7, 0)], True),
    ([KnownDefect(3, 5), KnownDefect(3, 4), KnownDefect(7, 0)], False),
    ([KnownDefect(3, 4), KnownDefect(3, 4)], False),
    ([KnownDefect(3, 4), KnownDefect(12, 0)], False),
    ([KnownDefect(row, column) for row in range(5) for column in range(13)], False),
    ([], True),
])
def test_a_list_that_is_out_of_order_or_too_long_is_refused(known, usable):
    config = small_config(captures=1, columns=16)
    plans = {0: FramePlan(line_length_cycles=40, dynamic=False)}
    rows = flat_rows(config, plans[0], 0, spoiled=[(0, 3, 4), (0, 3, 5), (0, 7, 0)])
    run = run_defects(config, [(40 * row.row, row) for row in rows], plans, known=known)
    model = DefectsModel(config, known=known)
    compare(run, expected_rows(model, rows, plans), config)
    assert run.invalid == (not usable)
    assert run.corrected == [3 if usable and known else 0]


def test_a_list_may_hold_a_whole_row_and_tells_when_it_is_too_dense():
    """A pixel per lane and clock; entries that cannot be met in time are reported."""
    config = small_config(captures=1, columns=48, rows=8)
    plans = {0: FramePlan(line_length_cycles=100, dynamic=False)}
    known = [KnownDefect(4, column) for column in range(48)]
    rows = flat_rows(config, plans[0], 0)
    timed = [(100 * row.row, row) for row in rows]
    run = run_defects(config, timed, plans, known=known)
    assert (run.corrected, run.missed) == ([48], 0)

    far_right = {0: replace(plans[0], column_start=40)}
    rows = flat_rows(config, far_right[0], 0)
    run = run_defects(config, [(100 * row.row, row) for row in rows], far_right, known=known)
    assert run.missed > 0


def test_defaults_leave_noise_alone_and_correct_what_exceeds_it(seed):
    """With the thresholds that the configuration gives, and no write."""
    config = small_config(captures=2, columns=32, rows=12)
    generator = np.random.default_rng(seed)
    codes = np.rint(generator.normal(2000, 40, (2, 12, 32))).astype(int)
    codes[:, 3::6, 5::9] += 1500
    line = line_length(config, 1)
    plans = {0: FramePlan(line_length_cycles=line)}
    frames = {0: frame_rows(config, plans[0], 0, codes)}
    timed = slots(config, plans, frames, lags=(0, 0), beat_cycles=1)
    model = DefectsModel(config)
    expected = expected_rows(model, frames[0], plans)
    run = run_defects(config, timed, plans, settle=3 * line)
    compare(run, expected, config)
    assert model.corrected[1] >= 6


@pytest.mark.slow
@pytest.mark.parametrize("captures", [1, 2, 3, 4])
@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("bits, fraction_bits", [(8, 0), (12, 2), (14, 4)])
def test_every_code_is_the_models_in_every_configuration(captures, lanes, bits, fraction_bits,
                                                         seed):
    check_against_model(captures=captures, lanes=lanes, bits=bits, fraction_bits=fraction_bits,
                        mono=lanes == 2, kind="bubbles", seed=seed, frames=12)
