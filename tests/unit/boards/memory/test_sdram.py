# SPDX-License-Identifier: Apache-2.0
"""Bursts to a chip that watches its own timing, from one client and from several."""

from dataclasses import replace
from random import Random

import pytest
from amaranth import *
from amaranth.lib.wiring import connect

from support import expect_rejected, simulate
from tapetum_boards.memory.memory_port import BURST_WORDS
from tapetum_boards.memory.memory_share import MemoryShare
from tapetum_boards.memory.sdram_chip import ULX3S_SDRAM
from tapetum_boards.memory.sdram_controller import SdramController
from tapetum_boards.simulation.sdram_model import SdramModel

WORDS = 1 << 14
QUICK = replace(ULX3S_SDRAM, power_up_ns=1000)


class Bench(Elaboratable):
    """Controller and chip, behind as many clients as are asked for."""

    def __init__(self, clients=1, clock_hz=75e6, delay=1, chip=QUICK, model=QUICK):
        self.controller = SdramController(chip, clock_hz, read_delay_cycles=delay)
        self.model = SdramModel(model, clock_hz, read_delay_cycles=delay, words=WORDS)
        self.share = MemoryShare(self.controller.port.signature.address_bits, clients) \
            if clients > 1 else None
        self.ports = [*self.share.clients] if self.share else [self.controller.port]

    def elaborate(self, platform):
        m = Module()
        m.submodules.controller, m.submodules.model = self.controller, self.model
        connect(m, self.controller.pins, self.model.pins)
        if self.share:
            m.submodules.share = self.share
            connect(m, self.share.memory, self.controller.port)
        return m


async def burst(ctx, port, address, words=None):
    ctx.set(port.request, 1)
    ctx.set(port.write, words is not None)
    ctx.set(port.address, address)
    answer, place = [], 0
    taken = False
    while True:
        ctx.set(port.word_in, words[place] if words is not None and place < BURST_WORDS else 0)
        _, _, took, moved, done, word = await ctx.tick().sample(
            port.taken, port.moved, port.done, port.word_out)
        if took:
            taken = True
            ctx.set(port.request, 0)
            ctx.set(port.address, 0x1555)
        if moved:
            assert taken
            place += 1
            answer.append(word)
        if done:
            assert place == BURST_WORDS
            return answer


def run(bench, *clients, cycles=60_000):
    async def end(ctx):
        assert not ctx.get(bench.model.misused)

    def then_look(client):
        async def bounded(ctx):
            await client(ctx)
            await end(ctx)
        return bounded
    simulate(bench, *map(then_look, clients), cycles=cycles)


@pytest.mark.parametrize("clock_hz, delay", [(75e6, 1), (48e6, 0), (100e6, 2)])
def test_what_was_written_is_read(clock_hz, delay, seed):
    generator, bench, kept = Random(seed), Bench(clock_hz=clock_hz, delay=delay), {}

    async def client(ctx):
        for _ in range(150):
            address = generator.randrange(WORDS // BURST_WORDS)
            if generator.random() < 0.5 or address not in kept:
                kept[address] = [generator.randrange(1 << 16) for _ in range(BURST_WORDS)]
                await burst(ctx, bench.ports[0], address, kept[address])
            else:
                assert await burst(ctx, bench.ports[0], address) == kept[address]
            await ctx.tick().repeat(generator.choice((1, 1, 40)))
    run(bench, client)


@pytest.mark.parametrize("clock_hz, delay", [(75e6, 1), (30e6, 1), (25e6, 2)])
def test_clients_share_without_mixing_their_words(clock_hz, delay, seed):
    bench = Bench(clients=3, clock_hz=clock_hz, delay=delay)

    def make(number):
        generator = Random(seed + number)

        async def client(ctx):
            for turn in range(40):
                address = number * 64 + generator.randrange(64)
                words = [generator.randrange(1 << 16) for _ in range(BURST_WORDS)]
                await burst(ctx, bench.ports[number], address, words)
                assert await burst(ctx, bench.ports[number], address) == words, turn
        return client
    run(bench, *map(make, range(3)))


def test_a_busy_memory_is_refreshed_in_time_and_gives_85_mb_a_second():
    bench = Bench()
    clocks = []

    async def client(ctx):
        await burst(ctx, bench.ports[0], 0, [0] * 8)
        for turn in range(1500):
            await burst(ctx, bench.ports[0], turn % 64)
            clocks.append(1)
    cycles = simulate(bench, client, cycles=60_000)
    assert bench.controller.burst_cycles == 14
    # A client that asks again only after its last word loses a few clocks to the burst itself.
    assert cycles < 1500 * (bench.controller.burst_cycles + 5)

    async def looks(ctx):
        await ctx.tick().repeat(20_000)
        assert not ctx.get(bench.model.misused)
    bench = Bench()
    simulate(bench, looks, cycles=25_000)


@pytest.mark.parametrize("slower", [
    {"row_to_column_ns": 40}, {"precharge_ns": 60}, {"refresh_interval_ns": 4000},
    {"row_cycle_ns": 250}])
def test_the_model_notices_a_controller_that_is_too_fast(slower):
    bench = Bench(model=replace(QUICK, **slower))

    async def client(ctx):
        for address in range(64):
            await burst(ctx, bench.ports[0], address, [0] * 8)
        await ctx.tick().repeat(1000)
        assert ctx.get(bench.model.misused)
    simulate(bench, client, cycles=10_000)


def test_rejects_what_cannot_work():
    with expect_rejected("at most 100 MHz", "120.0"):
        SdramController(QUICK, 120e6)
    with expect_rejected("read_delay_cycles", "between 0 and 2"):
        SdramController(QUICK, 75e6, read_delay_cycles=3)
    with expect_rejected("at least two clients"):
        MemoryShare(20, 1)
