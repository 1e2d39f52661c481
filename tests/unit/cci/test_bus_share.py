# SPDX-License-Identifier: Apache-2.0
"""Several hosts on one bus: every access arrives, in order, every answer where it belongs."""

from random import Random

import pytest
from amaranth import *

from support import simulate
from tapetum.cci.bus_share import BusShare
from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES, HOSTS, READ_LATENCY_CYCLES

SLOWEST = 3 * ACCESS_INTERVAL_CYCLES
LEAST = {"local": ACCESS_INTERVAL_CYCLES, "spi": 2 * ACCESS_INTERVAL_CYCLES, "cci": SLOWEST}
"""Clocks between accesses of a host."""


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

    def draw(name, count):
        base = HOSTS.index(name) << 12
        accesses = [(base + generator.randrange(0x100), generator.choice((None, None, 1, 200)))
                    for _ in range(count)]
        return accesses, [generator.randrange(LEAST[name], spread * LEAST[name] + 1)
                          for _ in range(count)]

    drawn = {"local": draw("local", 120), "spi": draw("spi", 60), "cci": draw("cci", 40)}
    answers = {name: [] for name in HOSTS}
    longest = dict.fromkeys(HOSTS, 0)

    async def serve(ctx):
        since, due = ACCESS_INTERVAL_CYCLES, []
        bus, waited = dut.bus, dict.fromkeys(HOSTS, 0)
        async for *_, write, read, address, data, host, waits in ctx.tick().sample(
                bus.write, bus.read, bus.address, bus.write_data, bus.host,
                Cat(getattr(dut, f"{name}_waits") for name in HOSTS)):
            for number, name in enumerate(HOSTS):
                waited[name] = waited[name] + 1 if waits >> number & 1 else 0
                longest[name] = max(longest[name], waited[name])
            since += 1
            ctx.set(bus.read_valid, 0)
            if write or read:
                assert since >= ACCESS_INTERVAL_CYCLES
                assert host == address >> 12
                since = 0
                seen.append((address, data if write else None))
                due = [None] * (READ_LATENCY_CYCLES - 2) + [address * 7 & 0xFF] if read else []
            elif due:
                answer = due.pop(0)
                if answer is not None:
                    ctx.set(bus.read_data, answer)
                    ctx.set(bus.read_valid, 1)

    def user(name):
        async def use_one(ctx):
            waits = C(0) if name == "cci" else getattr(dut, f"{name}_waits")
            await use(ctx, getattr(dut, name), waits, *drawn[name], answers[name])
        return use_one

    simulate(dut, *(user(name) for name in HOSTS), cycles=20_000, background=(serve,))
    assert len(seen) == sum(len(accesses) for accesses, _ in drawn.values())
    for number, name in enumerate(HOSTS):
        accesses = drawn[name][0]
        assert [access for access in seen if access[0] >> 12 == number] == accesses
        assert answers[name] == [address * 7 & 0xFF for address, byte in accesses if byte is None]
    for name, intervals in zip(HOSTS, (6, 1, 2), strict=True):
        assert longest[name] < intervals * ACCESS_INTERVAL_CYCLES, name


def test_a_host_alone_is_not_delayed():
    dut = BusShare()

    async def host(ctx):
        for number, name in enumerate(HOSTS):
            port = getattr(dut, name)
            ctx.set(port.write, 1)
            ctx.set(port.address, 0x0100)
            await ctx.delay(0)
            assert ctx.get(dut.bus.write)
            assert ctx.get(dut.bus.host) == number
            await ctx.tick()
            ctx.set(port.write, 0)
            await ctx.tick().repeat(ACCESS_INTERVAL_CYCLES)

    simulate(dut, host, cycles=100)
