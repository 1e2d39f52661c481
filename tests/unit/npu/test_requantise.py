# SPDX-License-Identifier: Apache-2.0
"""Requantisation, against the formula in unbounded integers."""

import random

from support import simulate
from support.npu import requantised
from tapetum.npu.requantise import Requantise

__all__ = []


def _cases(seed):
    numbers = random.Random(seed)
    edges = (0, 1, -1, 2**31 - 1, -2**31, 2**30, -2**30, 127, -128)
    for total in edges:
        for multiplier in (0, 1 << 30, (1 << 31) - 1):
            for shift in (0, 1, 8, 31):
                for single in (0, 1):
                    yield total, multiplier, shift, single, 0, -128, 127
    for _ in range(1500):
        bits = numbers.randrange(1, 33)
        shift = min(31, max(0, bits - numbers.randrange(4, 12)))
        limits = sorted(numbers.randrange(-128, 128) for _ in range(2))
        if numbers.randrange(2):
            limits = [-128, 127]
        yield (numbers.randrange(-1 << bits - 1, 1 << bits - 1) if bits > 1 else 0,
               numbers.randrange(1 << 30, 1 << 31), shift, numbers.randrange(2),
               numbers.randrange(-128, 128), *limits)
    for shift in range(1, 12):  # exact ties of the second rounding
        for odd in range(-9, 10, 2):
            yield odd << shift, 1 << 30, shift, shift & 1, 0, -128, 127


def test_every_sum_is_scaled_exactly(seed):
    cases = list(_cases(seed))
    dut, seen = Requantise(), []

    async def bench(ctx):
        for clock in range(len(cases) + dut.latency_cycles):
            if clock < len(cases):
                total, multiplier, shift, single, *_ = cases[clock]
                ctx.set(dut.total, total)
                ctx.set(dut.multiplier, multiplier)
                ctx.set(dut.multiplier_sum, (multiplier & 0xFFFF) + (multiplier >> 16))
                ctx.set(dut.shift, shift)
                ctx.set(dut.single_rounding, single)
            late = clock - dut.offset_cycles
            if 0 <= late < len(cases):
                ctx.set(dut.zero_point, cases[late][4])
            if 0 <= late - 1 < len(cases):
                ctx.set(dut.minimum, cases[late - 1][5])
                ctx.set(dut.maximum, cases[late - 1][6])
            await ctx.tick()
            if clock >= dut.latency_cycles - 1:
                seen.append(ctx.get(dut.o))

    simulate(dut, bench, cycles=len(cases) + 100)
    expected = [requantised(*case) for case in cases]
    assert seen[:len(cases)] == expected
    assert len(set(expected)) > 200
