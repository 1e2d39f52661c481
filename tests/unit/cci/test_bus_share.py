# SPDX-License-Identifier: Apache-2.0
"""Two hosts on one bus: every access arrives, in order, and every answer goes where it belongs."""

from random import Random

import pytest
from amaranth import *

from support import simulate
from tapetum.cci.bus_share import BusShare
from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES, READ_LATENCY_CYCLES

SLOWEST = 3 * ACCESS_INTERVAL_CYCLES


async def use(ctx, port, waits, accesses, pauses, answers):
    """Accesses are (address, byte to write or None to read)."""
    for (address, byte), pause in zip(accesses, pauses, strict=True):
        while ctx.get(waits):
            await ctx.tick()
        ctx.set(port.address, address)
        ctx.set(port.read if byte is None else port.write, 1)
        ctx.set(port.write_data, byte or 0)
        await ctx.tick()
        ctx.set(port.read, 0)
        ctx.set(port.write, 0)
        ctx.set(port.address, 0xDEAD)
        left = pause - 1
        if byte is None:
            while not ctx.get(port.read_valid):
                await ctx.tick()
                left -= 1
            answers.append(ctx.get(port.read_data))
        await ctx.tick().repeat(max(left, 1))
        if byte is None:
            assert ctx.get(port.read_data) == answers[-1]
    await ctx.tick().repeat(SLOWEST)


@pytest.mark.parametrize("spread", [1, 4])
def test_accesses_keep_their_order_and_answers_their_host(spread, seed):
    generator, dut, seen = Random(seed), BusShare(), []

    def draw(count, least, base):
        accesses = [(base + generator.randrange(0x100), generator.choice((None, None, 1, 200)))
                    for _ in range(count)]
        return accesses, [generator.randrange(least, spread * least + 1) for _ in range(count)]

    fast, slow = draw(120, ACCESS_INTERVAL_CYCLES, 0), draw(40, SLOWEST, 0x1000)
    answers = [], []

    async def serve(ctx):
        since, due = ACCESS_INTERVAL_CYCLES, []
        bus = dut.bus
        async for *_, write, read, address, data, host in ctx.tick().sample(
                bus.write, bus.read, bus.address, bus.write_data, bus.host):
            since += 1
            ctx.set(bus.read_valid, 0)
            if write or read:
                assert since >= ACCESS_INTERVAL_CYCLES
                assert host == (address >= 0x1000)
                since = 0
                seen.append((address, data if write else None))
                due = [None] * (READ_LATENCY_CYCLES - 2) + [address * 7 & 0xFF] if read else []
            elif due:
                answer = due.pop(0)
                if answer is not None:
                    ctx.set(bus.read_data, answer)
                    ctx.set(bus.read_valid, 1)

    async def use_fast(ctx):
        await use(ctx, dut.fast, dut.fast_waits, *fast, answers[0])

    async def use_slow(ctx):
        await use(ctx, dut.slow, C(0), *slow, answers[1])

    simulate(dut, use_fast, use_slow, cycles=20_000, background=(serve,))
    assert len(seen) == len(fast[0]) + len(slow[0])
    for accesses, base, given in ((fast[0], 0, answers[0]), (slow[0], 0x1000, answers[1])):
        assert [access for access in seen if access[0] & 0x1000 == base] == accesses
        assert given == [address * 7 & 0xFF for address, byte in accesses if byte is None]


def test_a_host_alone_is_not_delayed():
    dut = BusShare()

    async def host(ctx):
        for port, number in ((dut.fast, 0), (dut.slow, 1)):
            ctx.set(port.write, 1)
            ctx.set(port.address, 0x0100)
            await ctx.delay(0)
            assert ctx.get(dut.bus.write)
            assert ctx.get(dut.bus.host) == number
            await ctx.tick()
            ctx.set(port.write, 0)
            await ctx.tick().repeat(ACCESS_INTERVAL_CYCLES)

    simulate(dut, host, cycles=100)
