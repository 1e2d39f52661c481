# SPDX-License-Identifier: Apache-2.0
"""Latches under skew at every count, and what closing does to a column that never tripped."""

import random

from support import simulate
from tapetum.adc.column_latches import ColumnLatches
from tapetum.config import AdcConfig
from tapetum.pixel import RampKind

_CONFIG = AdcConfig(bits=10, reset_counts=256)


def gray(count: int) -> int:
    return count ^ (count >> 1)


def binary(code: int) -> int:
    value = 0
    while code:
        value, code = value ^ code, code >> 1
    return value


def kept(ctx, planes, column: int = 0) -> int:
    return binary(sum((ctx.get(plane) >> column & 1) << bit for bit, plane in enumerate(planes)))


def test_skewed_sampling_at_every_bit_change_is_off_by_at_most_one(seed):
    dut, generator = ColumnLatches(_CONFIG, columns=1, reset_banks=1), random.Random(seed)
    seen: set[int] = set()

    async def drive(ctx):
        ctx.set(dut.kind, RampKind.SIGNAL)
        ctx.set(dut.open, 1)
        await ctx.tick().repeat(4)
        for count in range(1, _CONFIG.signal_counts + 1):
            changed = gray(count) ^ gray(count - 1)
            assert changed.bit_count() == 1
            # The changing bit late, then in time; all the others as they please.
            for late in (changed, 0):
                mask = late | (generator.getrandbits(11) & ~changed)
                ctx.set(dut.gray, (gray(count) & ~mask) | (gray(count - 1) & mask))
                ctx.set(dut.comparators, 1)
                await ctx.tick().repeat(4)
                ctx.set(dut.comparators, 0)
                value = kept(ctx, dut.signal)
                assert value in (count - 1, count)
                seen.add(value - count)
                await ctx.tick().repeat(3)

    simulate(dut, drive, cycles=20 * _CONFIG.signal_counts)
    assert seen == {-1, 0}


def test_edge_is_stored_with_the_count_three_clocks_later_and_then_holds():
    dut = ColumnLatches(_CONFIG, columns=2, reset_banks=2)

    async def drive(ctx):
        ctx.set(dut.kind, RampKind.RESET)
        ctx.set(dut.bank, 1)
        ctx.set(dut.open, 1)
        await ctx.tick().repeat(4)
        for clock in range(20):
            ctx.set(dut.gray, gray(clock))
            ctx.set(dut.comparators, 0b01 if clock >= 5 else 0)
            ctx.set(dut.open, clock < 12)
            await ctx.tick()
        assert kept(ctx, dut.reset[1], 0) == 5 + 3
        assert kept(ctx, dut.reset[1], 1) == 12 + 3, "closing counts as the edge"
        assert kept(ctx, dut.reset[0], 0) == kept(ctx, dut.signal, 0) == 0, "other planes hold"

    simulate(dut, drive, cycles=60)
