# SPDX-License-Identifier: Apache-2.0
"""What a row's pixels share leaves the row, and one bad shielded pixel changes nothing."""

import numpy as np
import pytest

from support import Traffic, simulate
from support.rows import Row
from tapetum.correct.row_noise import RowNoise
from tapetum.pixel import RowKind
from tapetum_sim.models.column import ColumnModel
from tapetum_sim.models.row_noise import RowNoiseModel
from tapetum_sim.models.shielded import shielded_mean

from .bench import compare, run_stage, small_config, stage_rows
from .die_model import DieRows


@pytest.mark.sampled(3)
@pytest.mark.parametrize("captures, lanes, bits, fraction_bits, black_columns, columns, kind", [
    (4, 1, 12, 2, 16, 24, "bubbles"), (3, 2, 10, 0, 8, 24, "full"), (2, 4, 14, 4, 4, 16, "full"),
    (1, 4, 8, 1, 8, 16, "bubbles"), (1, 2, 10, 3, 4, 16, "bubbles"), (1, 1, 10, 2, 64, 16, "full")])
def test_every_code_is_the_models(captures, lanes, bits, fraction_bits, black_columns, columns,
                                  kind, seed):
    config = small_config(captures=captures, lanes=lanes, bits=bits, fraction_bits=fraction_bits,
                          black_columns=black_columns, columns=columns)
    generator = np.random.default_rng(seed)
    rows = stage_rows(config, generator, frames=2, corrected=True)
    strength = generator.integers(0, 24, len(rows))
    enable = generator.random(len(rows)) < 0.85
    dut, model = RowNoise(config), RowNoiseModel(config)

    def before(ctx, index):
        ctx.set(dut.strength, int(strength[index]))
        ctx.set(dut.enable, int(enable[index]))

    received = run_stage(dut, config, rows, Traffic.of(kind, seed), before=before)
    compare(received, [model.row(row, enable=enable[index], strength=int(strength[index]))
                       for index, row in enumerate(rows)])


@pytest.mark.parametrize("lanes, black_columns", [(1, 16), (2, 4), (4, 8), (4, 4)])
def test_rows_leave_contiguous_after_the_stated_latency(lanes, black_columns):
    config = small_config(captures=2, lanes=lanes, black_columns=black_columns)
    dut, entered, left = RowNoise(config), [], []

    async def source(ctx):
        for row in range(4):
            beats = list(Row(codes=[100] * config.array.total_columns, row=row,
                             optical_black_columns=black_columns).beats(dut.i.payload.shape()))
            for beat in beats:
                ctx.set(dut.i.payload, beat)
                ctx.set(dut.i.valid, 1)
                await ctx.tick()
            ctx.set(dut.i.valid, 0)
            await ctx.tick().repeat(12)
        await ctx.tick().repeat(dut.latency_cycles)

    async def watch(ctx):
        clock = 0
        async for _, _, i_valid, o_valid in ctx.tick().sample(dut.i.valid, dut.o.valid):
            entered.extend([clock] * i_valid)
            left.extend([clock] * o_valid)
            clock += 1

    simulate(dut, source, cycles=2000, background=(watch,))
    assert left == [clock + dut.latency_cycles for clock in entered]


@pytest.mark.parametrize("capture, decibels", [(0, 16), (1, 18), (2, 20)])
def test_row_noise_is_reduced_in_every_kind_of_capture(capture, decibels, seed):
    rows = DieRows(seed=seed, column_offset_spread_lsb12=20.0)
    column, model = ColumnModel(rows.config), RowNoiseModel(rows.config)
    for frame in range(16):
        for row in rows.dark(frame, capture):
            column.row(row)
    before, after = [], []
    for row in rows.active(16, capture, 200):
        corrected = column.row(row)
        before.append(corrected.codes[16:].mean())
        after.append(model.row(corrected).codes[16:].mean())
    assert 20 * np.log10(np.std(before) / np.std(after)) >= decibels


@pytest.mark.parametrize("defect", ["hot", "dead", "a hot pair"])
@pytest.mark.parametrize("place", [0, 6, 15])
def test_a_bad_shielded_pixel_shifts_the_row_by_less_than_0_3_codes(defect, place, seed):
    rows = DieRows(seed=seed)
    column, shift = ColumnModel(rows.config), []
    for frame in range(16):
        for row in rows.dark(frame, 0):
            column.row(row)
    for row in rows.active(16, 0, 300):
        good = column.row(row).codes[:16] - 4 * rows.config.adc.pedestal_codes
        bad = good.copy()
        bad[place] = -250 if defect == "dead" else 6000
        if defect == "a hot pair":
            bad[place ^ 1] = 3000
        shift.append(shielded_mean(bad) - shielded_mean(good))
    assert abs(np.mean(shift)) / 4 < 0.3


def test_no_row_is_shifted_beyond_the_range(seed):
    config = small_config(captures=1, bits=12)
    model, largest = RowNoiseModel(config), 4096 * 4 // 128 - 1
    for row in stage_rows(config, np.random.default_rng(seed), frames=3, corrected=True):
        wild = row.with_(codes=np.where(row.optical_black, 9000, row.codes // 2 + 4000))
        assert row.kind in RowKind
        assert (wild.codes - model.row(wild).codes)[8:].max() == largest
