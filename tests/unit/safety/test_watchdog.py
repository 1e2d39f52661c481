# SPDX-License-Identifier: Apache-2.0
"""The watchdog barks when a clock, the lines or the frames stand still, and at nothing else."""

import pytest
from amaranth import *

from support import simulate
from tapetum.presets import preset
from tapetum.safety.monitor import LONGEST_DETECTION_CYCLES, RECOVERY_CYCLES
from tapetum.safety.watchdog import LINE_MARGIN_CYCLES, Watchdog

CONFIG = preset("tiny")
CLOCKS = {"sync": CONFIG.sync_clock_hz, "adc": CONFIG.adc_clock_hz,
          "byte": CONFIG.csi2.byte_clock_hz}
SYNC_PER_SAFETY = CONFIG.sync_clock_hz / CONFIG.safety_clock_hz
LINE, FRAME = 100, 60


class Kennel(Elaboratable):
    """A watchdog whose other clocks can be stopped."""

    def __init__(self):
        self.dog, self.running = Watchdog(CONFIG), Signal(len(CLOCKS), init=-1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.dog = self.dog
        for number, name in enumerate(CLOCKS):
            domain = ClockDomain(name, reset_less=True)
            m.domains += domain
            m.d.comb += domain.clk.eq(ClockSignal(f"{name}_source") & self.running[number])
        return m

    def run(self, testbench, *background):
        def of(function):
            async def bound(ctx):
                await function(ctx, self)
            return bound

        simulate(self, of(testbench), background=tuple(map(of, background)), cycles=60_000,
                 domains={"safety": CONFIG.safety_clock_hz}
                 | {f"{name}_source": hz for name, hz in CLOCKS.items()})

    async def alarm_within(self, ctx, cycles: int) -> None:
        for _ in range(cycles):
            await ctx.tick("safety")
            if ctx.get(self.dog.alarm):
                return
        raise AssertionError(f"no alarm in {cycles} clocks")

    async def quiet_for(self, ctx, cycles: int) -> None:
        for _ in range(cycles):
            await ctx.tick("safety")
            assert not ctx.get(self.dog.alarm) | ctx.get(self.dog.raised)

    async def arm(self, ctx, armed: int = 1) -> None:
        ctx.set(self.dog.armed, armed)
        ctx.set(self.dog.counter_clock_request, 1)
        await ctx.tick("safety").repeat(20)


def stream(*, frame_lines: int = FRAME, lines: int | None = None):
    """Lines, with a frame every ``frame_lines``; the whole number of ``lines``, then silence."""
    async def testbench(ctx, kennel):
        dog, number = kennel.dog, 0
        ctx.set(dog.busy, 1)
        ctx.set(dog.free_running, 1)
        ctx.set(dog.line_length_cycles, LINE)
        ctx.set(dog.frame_length_lines, FRAME)
        while lines is None or number < lines:
            begins = number % frame_lines == 0
            for strobe, high in ((dog.line_start, 1), (dog.adopt, begins),
                                 (dog.frame_start, begins)):
                ctx.set(strobe, high)
            await ctx.tick("sync")
            for strobe in (dog.line_start, dog.adopt, dog.frame_start):
                ctx.set(strobe, 0)
            await ctx.tick("sync").repeat(LINE - 1)
            number += 1
    return testbench


def test_is_quiet_in_standby_and_while_frames_follow_each_other():
    async def listen(ctx, kennel):
        await kennel.arm(ctx)
        await kennel.quiet_for(ctx, int(3 * FRAME * LINE / SYNC_PER_SAFETY))

    Kennel().run(listen)
    Kennel().run(listen, stream())


@pytest.mark.parametrize("stopped", CLOCKS)
def test_a_clock_that_stands_still_raises_the_pin_and_later_the_status_bit(stopped):
    async def testbench(ctx, kennel):
        await kennel.arm(ctx)
        number = list(CLOCKS).index(stopped)
        await kennel.quiet_for(ctx, 50)
        ctx.set(kennel.running, ~(1 << number))
        limit = kennel.dog.beat_limit_cycles(CLOCKS[stopped])
        await kennel.alarm_within(ctx, limit + 8)
        for _ in range(100):
            await ctx.tick("safety")
            assert ctx.get(kennel.dog.alarm)
        assert ctx.get(kennel.dog.raised) == (stopped != "sync")
        ctx.set(kennel.running, -1)
        raised = 0
        for _ in range(RECOVERY_CYCLES):
            await ctx.tick("sync")
            raised |= ctx.get(kennel.dog.raised)
        assert raised
        await kennel.quiet_for(ctx, 50)

    Kennel().run(testbench)


def test_the_counter_clock_may_stand_still_where_nobody_asks_for_it():
    async def testbench(ctx, kennel):
        await kennel.arm(ctx)
        ctx.set(kennel.dog.counter_clock_request, 0)
        await ctx.tick("safety").repeat(4)
        ctx.set(kennel.running, 0b101)
        await kennel.quiet_for(ctx, 300)
        ctx.set(kennel.dog.counter_clock_request, 1)
        await kennel.alarm_within(ctx, 40)

    Kennel().run(testbench)


def test_lines_that_end_are_missed_within_a_line_of_the_watchdogs_own_clocks():
    async def testbench(ctx, kennel):
        await kennel.arm(ctx)
        await stream(lines=5)(ctx, kennel)
        await kennel.alarm_within(ctx, LINE + LINE_MARGIN_CYCLES + 10)

    Kennel().run(testbench)


def test_frames_that_do_not_come_are_missed_although_lines_go_on():
    limit = (2 * FRAME + CONFIG.array.total_rows + CONFIG.hdr.line_buffer_lag_lines + 20) * LINE

    async def testbench(ctx, kennel):
        await kennel.arm(ctx)
        await kennel.alarm_within(ctx, int(limit / SYNC_PER_SAFETY))

    Kennel().run(testbench, stream(frame_lines=1000))


def test_is_silent_while_it_is_not_armed_but_tells_its_status():
    async def testbench(ctx, kennel):
        await kennel.arm(ctx, armed=0)
        ctx.set(kennel.running, 0b011)
        for _ in range(100):
            await ctx.tick("safety")
            assert not ctx.get(kennel.dog.alarm)
        assert ctx.get(kennel.dog.raised)

    Kennel().run(testbench)


def test_injection_is_found_and_over_as_fast_as_the_self_test_wants():
    async def testbench(ctx, kennel):
        await kennel.arm(ctx)
        for _ in range(3):
            ctx.set(kennel.dog.inject, 1)
            for _ in range(LONGEST_DETECTION_CYCLES):
                await ctx.tick("sync")
                if ctx.get(kennel.dog.raised):
                    break
            else:
                raise AssertionError("not found")
            ctx.set(kennel.dog.inject, 0)
            await ctx.tick("sync").repeat(RECOVERY_CYCLES)
            for _ in range(100):
                await ctx.tick("sync")
                assert not ctx.get(kennel.dog.raised)

    Kennel().run(testbench)
