# SPDX-License-Identifier: Apache-2.0
"""Pulses from and to other cameras."""

import pytest

from support import expect_rejected, simulate
from tapetum.readout.sync_pins import SyncInput, SyncOutput


@pytest.mark.parametrize("stages", [2, 3])
def test_a_rising_edge_gives_one_strobe_after_the_synchroniser(stages):
    dut = SyncInput(stages=stages)
    strobes = []

    async def bench(ctx):
        for cycle in range(20):
            ctx.set(dut.pin, 4 <= cycle < 11)
            if ctx.get(dut.pulse):
                strobes.append(cycle)
            await ctx.tick()

    simulate(dut, bench, cycles=100)
    assert strobes == [4 + stages]


def test_rejects_too_few_stages():
    with expect_rejected("two stages"):
        SyncInput(stages=1)


@pytest.mark.parametrize("width", [0, 1, 5])
def test_the_pulse_is_as_wide_as_asked(width):
    dut = SyncOutput()
    high = []

    async def bench(ctx):
        ctx.set(dut.width_cycles, width)
        for cycle in range(20):
            ctx.set(dut.trigger, cycle == 3)
            if ctx.get(dut.pulse):
                high.append(cycle)
            await ctx.tick()

    simulate(dut, bench, cycles=100)
    assert high == list(range(4, 4 + width))
