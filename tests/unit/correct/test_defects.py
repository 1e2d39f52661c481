# SPDX-License-Identifier: Apache-2.0
"""The defect correction does what its model does, whatever comes, and loses no row silently."""

from dataclasses import replace

import numpy as np
import pytest

from support import Traffic
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
            place = f"capture {capture}, frame {tag.frame}, row {tag.row}"
            assert codes == row.codes.tolist(), place
            assert beat.frame_last == row.frame_last
    for (_, ended, _, _), (began, _, _, _) in zip(run.rows, run.rows[1:], strict=False):
        assert began - ended > GAP_CYCLES


@pytest.mark.parametrize("captures, lanes, bits, fraction_bits, mono", [
    (4, 1, 10, 2, False), (3, 2, 12, 0, False), (1, 4, 8, 4, True), (2, 1, 8, 0, True)])
@pytest.mark.parametrize("kind", ["full", "bubbles"])
def test_every_code_is_the_models(captures, lanes, bits, fraction_bits, mono, kind, seed):
    config = small_config(captures=captures, lanes=lanes, bits=bits, columns=16, rows=12,
                          fraction_bits=fraction_bits, mono=mono)
    generator = np.random.default_rng([seed, captures, lanes])
    traffic = Traffic.of(kind, seed)
    beat_cycles = 1 if kind == "full" else 4
    line = line_length(config, beat_cycles)
    plans = {frame: replace(draw_plan(config, generator, frame), line_length_cycles=line)
             for frame in range(5)}
    frames = {frame: frame_rows(config, plan, frame, draw_codes(config, generator))
              for frame, plan in plans.items()}
    known, thresholds = draw_list(config, generator, 24), draw_thresholds(config, generator)
    lags = (0, 0, 1, 3)[:captures]
    timed = slots(config, plans, frames, lags=lags, beat_cycles=beat_cycles)
    model = DefectsModel(config, thresholds=thresholds, known=known)
    expected = expected_rows(model, [row for _, row in timed], plans)

    run = run_defects(config, timed, plans, known=known, thresholds=thresholds,
                      pattern=traffic.put, settle=3 * line)
    compare(run, expected, config)
    assert run.corrected == model.corrected
    assert (run.collisions, run.missed, run.invalid) == (0, 0, False)
