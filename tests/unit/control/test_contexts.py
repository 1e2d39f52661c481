# SPDX-License-Identifier: Apache-2.0
"""Frames take the contexts in turns, through the bus, whatever is written in between."""

from support import simulate
from support.registers import RegisterHost
from tapetum.presets import preset
from tapetum_sim.host import RegisterMap
from unit.control.test_control import CONFIG, ManualExposure, adopt

MAP = RegisterMap(preset("tiny"))


def run(testbench, *, cycles: int = 30_000) -> None:
    control = ManualExposure(CONFIG)

    async def when_ready(ctx):
        host = RegisterHost(ctx, control.bus)
        while MAP.decode("software_reset", await host.read(MAP.read("software_reset"))):
            pass
        await ctx.tick().repeat(control.latency_cycles)
        await testbench(ctx, control, host)

    simulate(control, when_ready, cycles=cycles)


async def taken(ctx, control, frame: int) -> tuple[int, int]:
    """Context and exposure that a frame takes."""
    settings = (await adopt(ctx, control, frame)).settings
    await ctx.tick().repeat(2)
    return settings.context, settings.captures[0].coarse_integration_lines


def test_frames_take_first_and_second_context_in_turns():
    async def testbench(ctx, control, host):
        await host.write(MAP.write({
            "context_mode": 1, "coarse_integration_time": 20,
            "second_coarse_integration_time": 7, "mode_select": 1}))
        await ctx.tick().repeat(2 * control.latency_cycles)
        assert [await taken(ctx, control, frame) for frame in range(5)] == [
            (0, 20), (1, 7), (0, 20), (1, 7), (0, 20)]
        assert await host.read(MAP.read("frame_context")) == [0]
        # What is written to both applies to both from one frame on.
        await host.write(MAP.held({"coarse_integration_time": 30,
                                   "second_coarse_integration_time": 9}))
        await ctx.tick().repeat(2 * control.latency_cycles)
        assert [await taken(ctx, control, frame) for frame in range(5, 8)] == [
            (1, 9), (0, 30), (1, 9)]
        assert await host.read(MAP.read("frame_context")) == [1]

    run(testbench)


def test_a_held_group_does_not_stop_the_turns():
    async def testbench(ctx, control, host):
        await host.write(MAP.write({
            "context_mode": 1, "coarse_integration_time": 20,
            "second_coarse_integration_time": 7, "mode_select": 1}))
        await ctx.tick().repeat(2 * control.latency_cycles)
        *held, release = MAP.held({"second_coarse_integration_time": 9})
        await host.write(held)
        assert [await taken(ctx, control, frame) for frame in range(3)] == [
            (0, 20), (1, 7), (0, 20)]
        await host.write([release])
        await ctx.tick().repeat(2 * control.latency_cycles)
        assert await taken(ctx, control, 3) == (1, 9)

    run(testbench)


def test_a_held_write_that_sends_the_guard_back_stops_the_turns_until_its_release():
    async def testbench(ctx, control, host):
        await host.write(MAP.write({
            "context_mode": 1, "coarse_integration_time": 20,
            "second_coarse_integration_time": 7, "mode_select": 1}))
        await ctx.tick().repeat(2 * control.latency_cycles)
        assert await taken(ctx, control, 0) == (0, 20)
        *held, release = MAP.held({"second_coarse_integration_time": 9})
        await host.write(MAP.write({"exposure_1_fine_integration_time": 9}))
        await host.write(held)
        assert [await taken(ctx, control, frame) for frame in range(1, 4)] == [(1, 7)] * 3
        await host.write([release])
        await ctx.tick().repeat(2 * control.latency_cycles)
        assert [await taken(ctx, control, frame) for frame in range(4, 7)] == [
            (0, 20), (1, 9), (0, 20)]

    run(testbench)


def test_settings_are_those_of_one_context_in_every_clock_in_which_the_turns_end():
    async def testbench(ctx, control, host):
        await host.write(MAP.write({
            "context_mode": 1, "line_length_pck": 40_000, "second_coarse_integration_time": 3,
            "second_fine_integration_time": 39_000, "mode_select": 1}))
        await ctx.tick().repeat(2 * control.latency_cycles)
        assert (await taken(ctx, control, 0))[0] == 0
        assert ctx.get(control.settings.context) == 1
        await host.write(MAP.held({"context_mode": 0,
                                   "line_length_pck": MAP["line_length_pck"].reset}))
        for _ in range(2 * control.latency_cycles):
            settings = ctx.get(control.settings)
            if ctx.get(control.whole):
                assert settings.captures[0].fine_integration_cycles < settings.line_length_cycles
            await ctx.tick()
        assert settings.context == 0

    run(testbench)


def test_a_stream_begins_with_the_first_context():
    async def testbench(ctx, control, host):
        await host.write(MAP.write({"context_mode": 1, "mode_select": 1}))
        await ctx.tick().repeat(2 * control.latency_cycles)
        assert [(await taken(ctx, control, frame))[0] for frame in range(3)] == [0, 1, 0]
        await host.write(MAP.write({"mode_select": 0}))
        await ctx.tick().repeat(8)
        await host.write(MAP.write({"mode_select": 1}))
        assert [(await taken(ctx, control, frame))[0] for frame in range(3, 5)] == [0, 1]
        await host.write(MAP.write({"context_mode": 0}))
        await ctx.tick().repeat(control.latency_cycles)
        assert [(await taken(ctx, control, frame))[0] for frame in range(5, 8)] == [0, 0, 0]

    run(testbench)
