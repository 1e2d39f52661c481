# SPDX-License-Identifier: Apache-2.0
"""Test rows off their level are found to the last code, and nothing else is."""

import numpy as np
import pytest

from support import simulate
from support.rows import ROW_GAP_CYCLES, Row, feed_rows
from tapetum.config import AdcConfig, PixelArrayConfig
from tapetum.pixel import RowKind
from tapetum.presets import preset
from tapetum.safety.known_levels import KnownLevelCheck, default_tolerance_log2
from tapetum_sim.models.safety import row_is_off_level
from tapetum_sim.pixel_die.programmed_levels import programmed_codes

LATENCY_CYCLES = 5


def config_of(*, lanes=1, bits=10):
    return preset("tiny").with_(
        lanes=lanes, adc=AdcConfig(bits=bits), adc_clock_hz=100e6 * 2 ** max(0, bits - 10),
        array=PixelArrayConfig(columns=24, rows=4, optical_black_columns=8))


def level_row(config, row: int, offset=0, *, kind=RowKind.TEST, noise=None) -> Row:
    level = config.adc.pedestal_codes + round(programmed_codes(config, row)) + offset
    codes = np.full(config.array.total_columns, level)
    codes = codes if noise is None else codes + noise
    return Row(codes=np.clip(codes, 0, config.adc.maximum_code).tolist(), row=row, kind=kind,
               optical_black_columns=config.array.optical_black_columns)


def judged(config, rows, *, traffic=None, tolerance=None, inject=0) -> list[bool]:
    """Of each row, whether the mechanism complains of it."""
    check, results = KnownLevelCheck(config), []

    async def testbench(ctx):
        if tolerance is not None:
            ctx.set(check.tolerance_log2, tolerance)
        if inject:
            ctx.set(check.inject, 1)
            await ctx.tick().repeat(20)
        for row in rows:
            before = counted[0]
            await feed_rows(ctx, check.i, [row], *([traffic.put] if traffic else []))
            results.append(counted[0] > before)

    counted = [0]

    async def count(ctx):
        async for _, _, raised in ctx.tick().sample(check.raised):
            counted[0] += raised

    assert LATENCY_CYCLES < ROW_GAP_CYCLES
    simulate(check, testbench, background=(count,), cycles=len(rows) * 600 + 100)
    return results


@pytest.mark.parametrize("lanes, bits", [(1, 10), (1, 12), (2, 10), (4, 12)])
def test_every_row_is_judged_as_its_model_says(lanes, bits, seed, traffic):
    config = config_of(lanes=lanes, bits=bits)
    tolerance = default_tolerance_log2(config)
    draw = np.random.default_rng(seed)
    limit = 1 << tolerance
    offsets = [0, limit, limit + 1, -limit, -limit - 1, *draw.integers(-2 * limit, 2 * limit, 6)]
    rows = [level_row(config, index % 2, int(offset), noise=noise)
            for index, offset in enumerate(offsets)
            for noise in (None, draw.integers(-200, 200, config.array.total_columns))]
    rows += [Row(codes=draw.integers(0, 1 << bits, config.array.total_columns).tolist(),
                 row=index % 2, kind=RowKind.TEST) for index in range(3)]
    expected = [row_is_off_level(config, np.array(row.codes), row.row, tolerance)
                for row in rows]
    assert judged(config, rows, traffic=traffic) == expected
    assert set(expected) == {False, True}


def test_other_rows_are_none_of_its_business():
    config = config_of()
    rows = [level_row(config, index % 2, 400, kind=kind) for index, kind in
            enumerate((RowKind.ACTIVE, RowKind.OPTICAL_BLACK, RowKind.ACTIVE))]
    assert judged(config, rows) == [False] * 3


def test_a_broken_column_is_no_broken_row_and_a_broken_half_is():
    config = config_of()
    stuck = np.zeros(config.array.total_columns, int)
    stuck[3] = 1023
    half = np.where(np.arange(stuck.size) < stuck.size // 2, 1023, 0)
    assert judged(config, [level_row(config, 0, noise=stuck),
                           level_row(config, 0, noise=half)]) == [False, True]


@pytest.mark.parametrize("tolerance", [0, 3, 9])
def test_the_tolerance_is_that_of_the_register(tolerance):
    config = config_of(bits=14)
    offset = 1 << tolerance
    assert judged(config, [level_row(config, 1, offset), level_row(config, 1, offset + 1)],
                  tolerance=tolerance) == [False, True]


def test_a_code_bit_that_is_stuck_in_all_columns_is_found_down_to_the_tolerance():
    """One of the two levels shows it, whichever value the bit is stuck at."""
    config = config_of()
    found = []
    for bit in range(5, config.adc.bits):
        for stuck in (0, 1):
            rows = []
            for row in (0, 1):
                codes = np.array(level_row(config, row).codes)
                changed = codes | 1 << bit if stuck else codes & ~(1 << bit)
                rows.append(Row(codes=changed.tolist(), row=row, kind=RowKind.TEST))
            found.append((any(judged(config, rows)),
                          any(row.codes != level_row(config, row.row).codes
                              for row in rows)))
    assert all(seen == wrong for seen, wrong in found)
    assert sum(wrong for _, wrong in found) >= 8


def test_the_injection_is_found_in_a_row_and_without_any():
    config = config_of(lanes=2)
    assert judged(config, [level_row(config, 0), level_row(config, 1)], inject=1) == [True, True]
    check = KnownLevelCheck(config)

    async def testbench(ctx):
        ctx.set(check.inject, 1)
        await ctx.tick().repeat(LATENCY_CYCLES)
        assert ctx.get(check.raised)
        await ctx.tick()
        assert not ctx.get(check.raised)
        ctx.set(check.inject, 0)
        await ctx.tick().repeat(20)
        assert not ctx.get(check.raised)

    simulate(check, testbench, cycles=60)
