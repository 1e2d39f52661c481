# SPDX-License-Identifier: Apache-2.0
"""Broken bonds are found at start-up, and stepped over where the spare allows it."""

import numpy as np
import pytest

from support import simulate
from tapetum.adc.bond_test import even_bonds
from tapetum.adc.geometry import bond_groups, group_spare
from tapetum.pixel import RampKind
from tapetum_sim.models.adc import convert_row
from unit.adc.bench import AdcBench, Conversion, run_rows, small_config

TWO_TESTS_CYCLES = 400


def convert_with_faults(config, faults: dict[str, int], seed: int, tests: int = 1):
    """Test the bonds, then convert one row; returns strobes, codes and the model's codes."""
    generator = np.random.default_rng(seed)
    dut, strobes = AdcBench(config, inject_faults=True), []
    ramps = [Conversion(RampKind.RESET, generator.integers(0, config.adc.reset_counts,
                                                           config.array.total_columns)),
             Conversion(RampKind.SIGNAL, generator.integers(40, config.adc.signal_counts,
                                                            config.array.total_columns))]

    async def prepare(ctx, dut):
        for name, bonds in faults.items():
            ctx.set(getattr(dut, name), bonds)
        for _ in range(tests):
            ctx.set(dut.bond_test, 1)
            await ctx.tick()
            ctx.set(dut.bond_test, 0)
            await ctx.tick()
            assert not ctx.get(dut.ramp.ready)
            await ctx.tick().until(dut.bond_test_done)

    async def watch(ctx):
        async for _, _, repaired, failed in ctx.tick().sample(dut.bond_repaired,
                                                              dut.bond_unrepairable):
            if repaired or failed:
                strobes.append((repaired, failed))

    row, = run_rows(config, ramps, dut=dut, prepare=prepare, background=(watch,))
    return strobes, row.codes, convert_row(config, ramps[0].trips, ramps[1].trips)


def test_a_test_that_is_asked_for_during_another_is_awaited_too():
    config, ended = small_config(columns=16), []
    dut = AdcBench(config)

    async def ask(ctx):
        ctx.set(dut.bond_test, 1)
        await ctx.tick()
        ctx.set(dut.bond_test, 0)

    async def play(ctx):
        await ask(ctx)
        await ctx.tick().repeat(40)
        assert not ctx.get(dut.bond_test_done)
        await ask(ctx)
        for clock in range(TWO_TESTS_CYCLES):
            await ctx.tick()
            if ctx.get(dut.bond_test_done):
                ended.append(clock)

    simulate(dut, play, cycles=2 * TWO_TESTS_CYCLES,
             domains={"sync": config.sync_clock_hz, "adc": config.adc_clock_hz})
    assert ended == list(range(ended[0], TWO_TESTS_CYCLES)), "done once, and for good"
    assert ended[0] > 120, "the second test had not ended"


def mask(*bonds: int) -> int:
    return sum(1 << bond for bond in bonds)


@pytest.mark.parametrize("columns", [80, 92])
def test_one_broken_bond_per_group_is_repaired(columns, seed):
    # 92 + 8 columns end in a group of four.
    config = small_config(columns=columns)
    groups, generator = bond_groups(config), np.random.default_rng(seed)
    broken = [int(generator.choice(group)) for group in groups]
    low, high = broken[::2], broken[1::2]
    strobes, codes, expected = convert_with_faults(
        config, {"stuck_low": mask(*low), "stuck_high": mask(*high)}, seed)
    assert strobes == [(1, 0)]
    np.testing.assert_array_equal(codes, expected)


def test_whole_bonds_need_no_repair(seed):
    strobes, codes, expected = convert_with_faults(small_config(), {}, seed)
    assert strobes == []
    np.testing.assert_array_equal(codes, expected)


def test_broken_spare_alone_does_no_harm(seed):
    config = small_config()
    faults = {"stuck_high": mask(group_spare(config, 2))}
    strobes, codes, expected = convert_with_faults(config, faults, seed)
    assert strobes == []
    np.testing.assert_array_equal(codes, expected)


def test_second_broken_bond_of_a_group_costs_one_column_only(seed):
    config = small_config()
    strobes, codes, expected = convert_with_faults(config, {"stuck_low": mask(18, 21)}, seed)
    assert strobes == [(0, 1)]
    assert list(np.flatnonzero(codes != expected)) == [20]


def test_broken_bond_beside_broken_spare_is_reported(seed):
    config = small_config()
    faults = {"stuck_low": mask(17, group_spare(config, 2))}
    strobes, codes, expected = convert_with_faults(config, faults, seed)
    assert strobes == [(0, 1)]
    assert list(np.flatnonzero(codes != expected)) == [17]


def test_short_between_neighbours_is_found(seed):
    config = small_config()
    strobes, _, _ = convert_with_faults(config, {"shorted": mask(18)}, seed)
    assert strobes == [(0, 1)]


def test_short_between_spare_and_next_group_is_repaired(seed):
    config = small_config()
    faults = {"shorted": mask(group_spare(config, 2))}
    strobes, codes, expected = convert_with_faults(config, faults, seed)
    assert strobes == [(1, 0)]
    np.testing.assert_array_equal(codes, expected)


def test_second_test_starts_from_whole_bonds(seed):
    config = small_config()
    strobes, codes, expected = convert_with_faults(config, {"stuck_low": mask(18)}, seed, tests=2)
    assert strobes == [(1, 0), (1, 0)]
    np.testing.assert_array_equal(codes, expected)


@pytest.mark.parametrize("group", [4, 8])
def test_pattern_alternates_along_the_die(group):
    config = small_config(columns=84, group=group)
    along = [bond for number, columns in enumerate(bond_groups(config))
             for bond in (*columns, group_spare(config, number))]
    levels = [even_bonds(config) >> bond & 1 for bond in along]
    assert levels == [1, 0] * (len(along) // 2) + [1] * (len(along) % 2)
