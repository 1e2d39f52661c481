# SPDX-License-Identifier: Apache-2.0
"""Buttons change registers once for each press, and never in the middle of what the host does."""

from dataclasses import replace

import pytest

from support import expect_rejected, simulate
from tapetum.presets import preset
from tapetum_boards.buttons.actions import button_actions
from tapetum_boards.buttons.button_engine import SAMPLES_HZ, ButtonEngine
from tapetum_boards.configurations import with_board_timing
from tapetum_boards.link.board_bus import BOARD_REGISTERS

ACTIONS = button_actions(preset("tiny"))
NAMES = list(ACTIONS)
PERIOD = 40


class Bench:
    def __init__(self, registers, actions=ACTIONS):
        self.dut = ButtonEngine(list(actions.values()), PERIOD * SAMPLES_HZ)
        self.bytes, self.taken_with_host = dict(registers), []

    async def serve(self, ctx):
        bus = self.dut.bus
        while True:
            await ctx.tick().until(bus.request)
            assert ctx.get(self.dut.busy)
            await ctx.tick().repeat(3)
            address = ctx.get(bus.address)
            if ctx.get(bus.write):
                self.bytes[address] = ctx.get(bus.write_data)
            ctx.set(bus.read_data, self.bytes.get(address, 0))
            ctx.set(bus.done, 1)
            await ctx.tick()
            ctx.set(bus.done, 0)
            ctx.set(bus.read_data, 0xAA)

    async def press(self, ctx, *names, bounces=True):
        mask = sum(1 << NAMES.index(name) for name in names)
        for clocks in ((2, 3, 1, 2) if bounces else ()):
            ctx.set(self.dut.buttons, mask)
            await ctx.tick().repeat(clocks)
            ctx.set(self.dut.buttons, 0)
            await ctx.tick().repeat(2)
        ctx.set(self.dut.buttons, mask)
        await ctx.tick().repeat(3 * PERIOD)
        ctx.set(self.dut.buttons, 0)
        await ctx.tick().repeat(3 * PERIOD)

    def run(self, testbench):
        simulate(self.dut, testbench, cycles=20_000, background=(self.serve,))


@pytest.mark.parametrize("value", [0, 1, 7, 8, 502, 65535])
@pytest.mark.parametrize("name", ["up", "down"])
def test_an_exposure_changes_by_an_eighth(name, value):
    action = ACTIONS[name]
    bench = Bench({action.address: value >> 8, action.address + 1: value & 0xFF})

    async def press(ctx):
        await bench.press(ctx, name)

    bench.run(press)
    found = bench.bytes[action.address] << 8 | bench.bytes[action.address + 1]
    assert found == action.apply(value)
    assert name == "down" or value == 65535 or found > value


def test_modes_follow_each_other_around_and_switches_turn_over():
    mode, defects = ACTIONS["fire 1"], ACTIONS["left"]
    bench, seen = Bench({}), []

    async def press(ctx):
        for _ in range(5):
            await bench.press(ctx, "fire 1", "left")
            seen.append((bench.bytes[mode.address], bench.bytes[defects.address]))

    bench.run(press)
    assert seen == [(1, 1), (2, 0), (3, 1), (0, 0), (1, 1)]


def test_the_monitor_goes_round_the_captures_that_there_are():
    actions = button_actions(with_board_timing("tiny3"))
    bench, seen = Bench({}, actions), []

    async def press(ctx):
        for _ in range(5):
            await bench.press(ctx, "fire 2")
            seen.append(bench.bytes[actions["fire 2"].address])

    bench.run(press)
    assert seen == [1, 2, 0, 1, 2]
    assert [actions["fire 2"].apply(value) for value in range(4)] == [1, 2, 0, 0]


def test_a_button_waits_for_the_host():
    bench = Bench({})

    async def press(ctx):
        ctx.set(bench.dut.host_busy, 1)
        await bench.press(ctx, "right")
        assert not bench.bytes
        ctx.set(bench.dut.host_busy, 0)
        await ctx.tick().repeat(40)

    bench.run(press)
    assert bench.bytes == {ACTIONS["right"].address: 1}
    assert ACTIONS["right"].address >= BOARD_REGISTERS


def test_rejects_a_register_that_is_too_wide():
    with expect_rejected("1 or 2 bytes", "not noise_seed of 4"):
        ButtonEngine([replace(ACTIONS["up"], name="noise_seed", width_bytes=4)], 1e6)
