# SPDX-License-Identifier: Apache-2.0
"""Comparators of look-up memories rise with the code of their column, pass after pass."""

from dataclasses import replace
from random import Random

import pytest

from support import expect_rejected, simulate
from tapetum.adc.bond_test import BondPattern, even_bonds
from tapetum.adc.geometry import bond_count, column_blocks
from tapetum.presets import preset
from tapetum_boards.pixel_die.comparator_memories import WRITE_CYCLES, ComparatorMemories
from tapetum_boards.pixel_die.noise import LANES

TINY = preset("tiny")
DOMAINS = {"sync": 75e6, "adc": 100e6}


def with_bits(bits):
    return replace(TINY, adc=replace(TINY.adc, bits=bits, reset_counts=16))


async def write(ctx, dut, trips):
    ctx.set(dut.arrived, 1)
    for first in range(0, len(trips), LANES):
        for lane in range(LANES):
            ctx.set(dut.trips[lane], trips[first + lane])
        await ctx.tick()
    ctx.set(dut.arrived, 0)
    # What stands there afterwards must not matter.
    for lane in range(LANES):
        ctx.set(dut.trips[lane], 0)
    await ctx.tick().repeat(WRITE_CYCLES)
    await ctx.tick("adc").repeat(2)


async def ramp(ctx, dut, codes):
    """Code two clocks before each comparator rose; as many as there are codes: never."""
    risen = {}
    ctx.set(dut.ramp_active, 1)
    for clock in range(codes + 2):
        ctx.set(dut.ramp_code, min(clock, codes - 1))
        *_, high = await ctx.tick("adc").sample(dut.bonds)
        for column in range(dut.config.array.total_columns):
            if high >> column & 1:
                risen.setdefault(column, clock - 2)
    ctx.set(dut.ramp_active, 0)
    await ctx.tick("adc").repeat(3)
    return [risen.get(column, codes) for column in range(dut.config.array.total_columns)]


@pytest.mark.parametrize("bits", [8, 10])
def test_each_column_trips_at_its_code_and_forgets_it_with_the_next_pass(bits, seed):
    generator, dut = Random(seed), ComparatorMemories(with_bits(bits))
    total, never = dut.config.array.total_columns, 1 << bits
    edges = [0, 1, 7, 8, 9, never - 1, never]
    passes = [[generator.choice(edges) for _ in range(total)],
              *([generator.randrange(never + 1) for _ in range(total)] for _ in range(2))]
    seen = []

    async def run(ctx):
        for trips in passes:
            await write(ctx, dut, trips)
            # A ramp leaves the trip codes as they are.
            seen.append([await ramp(ctx, dut, never) for _ in range(2)])

    simulate(dut, run, cycles=20_000, domains=DOMAINS)
    assert seen == [[trips, trips] for trips in passes]


@pytest.mark.parametrize("name", ["tiny", "qvga"])
def test_bond_tests_drive_columns_and_spares(name):
    dut = ComparatorMemories(config := preset(name))
    bonds, even = bond_count(config), even_bonds(config)
    expected = {BondPattern.COMPARATORS: 0, BondPattern.ALL_LOW: 0,
                BondPattern.ALL_HIGH: (1 << bonds) - 1, BondPattern.EVEN_HIGH: even,
                BondPattern.ODD_HIGH: (1 << bonds) - 1 & ~even}
    seen = {}

    async def run(ctx):
        for pattern in BondPattern:
            ctx.set(dut.bond_pattern, pattern)
            await ctx.tick("adc").repeat(len(column_blocks(dut.config)))
            seen[pattern] = ctx.get(dut.bonds)

    simulate(dut, run, cycles=100, domains=DOMAINS)
    assert seen == expected


def test_rejects_codes_that_its_words_cannot_hold():
    with expect_rejected("at most 10 bits, not 12"):
        ComparatorMemories(with_bits(12))


def test_rejects_columns_that_a_bond_test_would_judge_too_early():
    wide = replace(TINY, array=replace(TINY.array, columns=448))
    with expect_rejected("at most 384 columns, not "):
        ComparatorMemories(wide)
