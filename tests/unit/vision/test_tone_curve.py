# SPDX-License-Identifier: Apache-2.0
"""The host reads what it wrote, and what was there before."""

from support import simulate
from tapetum.vision.tone_curve import TONE_WINDOW, ToneCurve
from tapetum.vision.tone_table import KNOTS, logarithmic, tone_knots


def test_the_window_shows_the_curve_and_changes_it_knot_by_knot():
    dut, shown = ToneCurve(), []

    async def read(ctx, knot):
        value = 0
        for byte in range(2):
            ctx.set(dut.window.address, 2 * knot + byte)
            await ctx.tick().repeat(2)
            value = value << 8 | ctx.get(dut.window.read_data)
        return value - (value >> 15 << 16)

    async def write(ctx, address, byte):
        ctx.set(dut.window.address, address)
        ctx.set(dut.window.write_data, byte)
        ctx.set(dut.window.write, 1)
        await ctx.tick()
        ctx.set(dut.window.write, 0)
        await ctx.tick()

    async def host(ctx):
        for knot in range(KNOTS):
            shown.append(await read(ctx, knot))
        await write(ctx, 2 * 96, 0xAB)
        shown.append(await read(ctx, 96))
        await write(ctx, 2 * 96 + 1, 0xCD)
        shown.append(await read(ctx, 96))
        shown.append(await read(ctx, 95))

    simulate(dut, host, cycles=2000)
    original = list(tone_knots(logarithmic()))
    assert TONE_WINDOW.entries == KNOTS
    assert shown == [*original, original[96], 0xABCD - (1 << 16), original[95]]
