# SPDX-License-Identifier: Apache-2.0
"""Columns lose their offset and gain, bit for bit as the model, and to what the targets allow."""

from typing import Any

import numpy as np
import pytest

from support import Traffic
from tapetum.correct.column_correction import ColumnCorrection
from tapetum.pixel import RowKind
from tapetum_sim.models.column import ColumnModel

from .bench import compare, run_stage, small_config, stage_rows
from .die_model import DieRows, residual


@pytest.mark.sampled(3)
@pytest.mark.parametrize("captures, lanes, bits, fraction_bits, black_columns, kind", [
    (4, 1, 12, 2, 8, "full"), (3, 2, 10, 0, 16, "bubbles"), (2, 4, 14, 4, 4, "full"),
    (1, 1, 8, 1, 4, "bubbles"), (1, 4, 10, 3, 8, "full"), (2, 2, 10, 2, 4, "bubbles")])
def test_every_code_is_the_models(captures, lanes, bits, fraction_bits, black_columns, kind, seed):
    config = small_config(captures=captures, lanes=lanes, bits=bits, fraction_bits=fraction_bits,
                          black_columns=black_columns)
    generator = np.random.default_rng(seed)
    rows = stage_rows(config, generator, frames=4, active_rows=1)
    enable, freeze, restart, hot = (generator.random(len(rows)) < share
                                          for share in (0.9, 0.1, 0.04, 0.04))
    dut, model, expected, at_limit = ColumnCorrection(config), ColumnModel(config), [], 0
    for index, row in enumerate(rows):
        if restart[index]:
            model.restart()
        expected.append(model.row(row, enable=enable[index], freeze=freeze[index],
                                  is_hot=hot[index]))
        at_limit += model.at_limit is not None and bool(model.at_limit.any())
    pulses = []

    def before(ctx, index):
        for port, values in ((dut.enable, enable), (dut.freeze, freeze)):
            ctx.set(port, int(values[index]))
        ctx.set(dut.is_hot, int(hot[index]) << rows[index].capture)

    async def watch(ctx):
        async for _, _, limit in ctx.tick().sample(dut.column_limit):
            pulses.append(limit)

    received = run_stage(dut, config, rows, Traffic.of(kind, seed), before=before,
                         restart=(dut.restart, restart), background=(watch,))
    compare(received, expected)
    assert any(pulses) == (at_limit > 0)
    assert at_limit, "the stuck column reaches its limit"


@pytest.mark.slow
def test_offsets_come_from_test_rows_once_dark_rows_are_enough(seed):
    config = small_config(captures=1, black_rows=8, columns=16, black_columns=4)
    rows = stage_rows(config, np.random.default_rng(seed), frames=18, active_rows=0)
    model = ColumnModel(config)
    compare(run_stage(ColumnCorrection(config), config, rows, enable=1),
            [model.row(row) for row in rows])


def test_a_saturated_conversion_stays_all_ones_and_nothing_wraps(seed):
    config = small_config(captures=1)
    rows = stage_rows(config, np.random.default_rng(seed), frames=3, active_rows=6)
    model, full = ColumnModel(config), (1 << config.adc.bits + 2) - 1
    for row in rows:
        out = model.row(row).codes
        assert (out[row.codes == config.adc.maximum_code] == full).all()
        assert out.min() >= 0
        assert out.max() <= full
        assert (np.abs(out - row.codes * 4) <= 4 * 2 * config.adc.signal_counts // 16 + 3).all()


@pytest.mark.parametrize("frames, dsnu, prnu", [(1, 0.65, 0.13), (2, 0.48, 0.095),
                                                (4, 0.34, 0.065), (16, 0.2, 0.05)])
@pytest.mark.parametrize("capture", [0, 1, 2])
def test_residual_of_the_columns_stays_within_the_target(capture, frames, dsnu, prnu, seed):
    rows = DieRows(seed=seed, column_offset_spread_lsb12=20.0)
    model = ColumnModel(rows.config)
    for frame in range(frames):
        for row in rows.dark(frame, capture):
            model.row(row)
    offset_codes, gain_percent = residual(model, rows, capture)
    assert offset_codes <= dsnu
    assert gain_percent <= prnu


def test_dark_rows_are_forgotten_when_they_turn_out_hot(seed):
    """At 105 degrees the pattern of the dark current dwarfs that of the columns."""
    rows = DieRows(seed=seed, column_offset_spread_lsb12=20.0, temperature_celsius=105.0)
    spreads = []
    for is_hot in (False, True):
        model = ColumnModel(rows.config)
        for frame in range(16):
            for row in rows.dark(frame, 0):
                model.row(row, is_hot=is_hot and frame > 0)
        spreads.append(residual(model, rows, 0)[0])
    assert spreads[0] > 4
    assert spreads[1] < 0.8


def test_the_mean_of_the_shielded_offsets_does_not_drift(seed):
    rows = DieRows(seed=seed, column_offset_spread_lsb12=20.0)
    model, means = ColumnModel(rows.config), []
    for frame in range(60):
        for row in rows.dark(frame, 1):
            model.row(row)
        means.append(model.estimates(1)[0][:16].mean())
    assert np.abs(means[10:]).max() < 0.5


@pytest.mark.parametrize("broken", ["stuck_comparators", "dead_columns"])
def test_a_broken_column_is_reported_and_leaves_its_neighbours_alone(broken, seed):
    columns = (3, 100)
    stuck: dict[str, Any] = {broken: columns}
    healthy, sick = DieRows(seed=seed), DieRows(seed=seed, **stuck)
    means = []
    for rows in (healthy, sick):
        model = ColumnModel(rows.config)
        touched = np.zeros(rows.config.array.total_columns, bool)
        for frame in range(8):
            for row in rows.dark(frame, 1):
                model.row(row)
                if model.at_limit is not None:
                    touched |= model.at_limit
        means.append(model.estimates(1)[0])
        assert touched.sum() == (2 if rows is sick else 0)
        assert touched[list(columns)].all() == (rows is sick)
    others = np.ones(means[0].size, bool)
    others[list(columns)] = False
    difference = (means[1] - means[0])[others]
    assert difference.std() < 0.15, "all others alike, but for rounding to sixteenths"


def test_without_test_rows_offsets_are_still_learnt(seed):
    config = small_config(captures=1, test_rows=0)
    rows = stage_rows(config, np.random.default_rng(seed), frames=4)
    model = ColumnModel(config)
    expected = [model.row(row) for row in rows]
    compare(run_stage(ColumnCorrection(config), config, rows, enable=1), expected)
    dark = [row.codes for row in expected if row.kind is RowKind.OPTICAL_BLACK]
    assert np.std(np.delete(dark[-1], [2, 11])) < np.std(np.delete(dark[0], [2, 11]))
