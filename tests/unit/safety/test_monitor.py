# SPDX-License-Identifier: Apache-2.0
"""Sticky bits, one alarm, and a self-test that no mechanism passes by chance."""

import pytest

from support import expect_rejected, simulate
from tapetum.safety.monitor import LONGEST_DETECTION_CYCLES, RECOVERY_CYCLES, SafetyMonitor

TESTED = (True, False, True, True)
ALL = 0b1101


def monitor_of(answer, *, delay: int = 3):
    """A monitor, and a background that raises ``answer(inject)`` some cycles later."""
    monitor = SafetyMonitor(TESTED)

    async def mechanisms(ctx):
        late = [0] * delay
        async for _, _, injected in ctx.tick().sample(monitor.inject):
            late.append(answer(injected))
            ctx.set(monitor.raised, late.pop(0))

    return monitor, mechanisms


async def self_test(ctx, monitor) -> None:
    ctx.set(monitor.standby, 1)
    ctx.set(monitor.start, 1)
    await ctx.tick()
    ctx.set(monitor.start, 0)
    await ctx.tick().until(monitor.running)
    await ctx.tick().until(monitor.done)


def verdict(answer, *, delay: int = 3, cycles: int = 4 * RECOVERY_CYCLES) -> tuple[int, int]:
    """Bits that passed and that were found."""
    monitor, mechanisms = monitor_of(answer, delay=delay)
    result = []

    async def testbench(ctx):
        await self_test(ctx, monitor)
        await ctx.tick()
        assert not ctx.get(monitor.inject), "nothing stays injected"
        result.extend((ctx.get(monitor.passed), ctx.get(monitor.found)))

    simulate(monitor, testbench, background=(mechanisms,), cycles=cycles)
    passed, found = result
    return passed, found


def test_every_mechanism_that_finds_its_fault_and_no_other_passes():
    assert verdict(lambda injected: injected) == (ALL, 0)


def test_a_mechanism_that_does_not_find_its_fault_fails_alone_and_says_so():
    assert verdict(lambda injected: injected & ~0b100,
                   cycles=LONGEST_DETECTION_CYCLES + 8 * RECOVERY_CYCLES) == (0b1001, 0b100)


def test_a_mechanism_that_finds_another_ones_fault_fails_that_test():
    assert verdict(lambda injected: injected | (injected >> 2 & 1)) == (0b1001, 0b100)


def test_an_untested_mechanism_counts_as_another_one():
    assert verdict(lambda injected: injected | (injected & 1) << 1) == (0b1100, 0b0001)


def test_a_mechanism_that_never_comes_to_rest_fails():
    assert verdict(lambda injected: injected | 0b1000)[0] == 0


def test_a_mechanism_that_rests_too_late_fails():
    passed, found = verdict(lambda injected: injected, delay=RECOVERY_CYCLES + 8,
                            cycles=12 * RECOVERY_CYCLES)
    assert (passed, found) == (0, ALL)


def test_a_request_waits_for_standby_and_leaves_findings_alone_until_then():
    monitor, mechanisms = monitor_of(lambda injected: injected)

    async def testbench(ctx):
        ctx.set(monitor.start, 1)
        await ctx.tick()
        ctx.set(monitor.start, 0)
        await ctx.tick().repeat(20)
        assert not ctx.get(monitor.running)
        ctx.set(monitor.standby, 1)
        await ctx.tick().repeat(2)
        assert ctx.get(monitor.running)
        assert not ctx.get(monitor.done)
        await ctx.tick().until(monitor.done)
        assert ctx.get(monitor.passed) == ALL

    simulate(monitor, testbench, background=(mechanisms,), cycles=4 * RECOVERY_CYCLES + 40)


def test_findings_stick_until_they_are_cleared_and_the_mask_decides_on_the_alarm():
    monitor = SafetyMonitor(TESTED)

    async def testbench(ctx):
        async def after(cycles=1, **values):
            for name, value in values.items():
                ctx.set(getattr(monitor, name), value)
            await ctx.tick().repeat(cycles)
            return ctx.get(monitor.found), ctx.get(monitor.alarm)

        assert await after(raised=0b10) == (0b10, 0)
        assert await after(raised=0) == (0b10, 1)
        assert await after(clear=0b10, raised=0b10) == (0b10, 1), "raised while it is cleared"
        assert await after(raised=0, clear=0b01) == (0b10, 1)
        assert await after(2, clear=0, mask=0b1101) == (0b10, 0)
        assert await after(2, mask=0b10) == (0b10, 1)
        assert await after(2, clear=0b10) == (0, 0)

    simulate(monitor, testbench, cycles=40)


def test_the_host_injects_while_it_likes():
    monitor = SafetyMonitor(TESTED)

    async def testbench(ctx):
        ctx.set(monitor.request, 0b110)
        await ctx.tick()
        assert ctx.get(monitor.inject) == 0b110

    simulate(monitor, testbench, cycles=10)


@pytest.mark.parametrize("tested", [(), (False, False)])
def test_rejects_a_self_test_of_nothing(tested):
    with expect_rejected("at least one mechanism"):
        SafetyMonitor(tested)
