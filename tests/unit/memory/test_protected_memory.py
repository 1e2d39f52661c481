# SPDX-License-Identifier: Apache-2.0
"""Words come back right although a bit of the memory has flipped, and the memory says so."""

import random

import pytest

from support import simulate
from tapetum.memory.code import Parity, Secded
from tapetum.memory.protected_memory import ProtectedMemory

DEPTH, BITS = 24, 32
INIT = [0x9E3779B9 * number & 0xFFFFFFFF for number in range(1, DEPTH - 3)]


def words_of(memory: ProtectedMemory, words):
    return words + [0] * (memory.depth - len(words))


async def read(ctx, memory, address: int):
    """The word, and what is reported of it."""
    ctx.set(memory.address, address)
    ctx.set(memory.read, 1)
    await ctx.tick()
    ctx.set(memory.read, 0)
    word = 0
    for clock in (1, 2, 3):
        if clock == memory.latency_cycles:
            word = ctx.get(memory.word)
        if clock < 3:
            assert not ctx.get(memory.health.corrected) | ctx.get(memory.health.uncorrectable)
            await ctx.tick()
    return word, ctx.get(memory.health.corrected), ctx.get(memory.health.uncorrectable)


async def write(ctx, memory, address: int, word: int):
    ctx.set(memory.write_address, address)
    ctx.set(memory.write_word, word)
    ctx.set(memory.write_enable, 1)
    await ctx.tick()
    ctx.set(memory.write_enable, 0)


@pytest.mark.parametrize("code", [Parity, Secded])
def test_reads_what_was_written_or_initial_without_a_word_of_alarm(code, seed):
    memory = ProtectedMemory(BITS, depth=DEPTH, code=code, init=INIT)
    generator = random.Random(seed)
    content = words_of(memory, INIT)

    async def testbench(ctx):
        for address in range(DEPTH):
            assert await read(ctx, memory, address) == (content[address], 0, 0)
        for _ in range(60):
            address, word = generator.randrange(DEPTH), generator.getrandbits(BITS)
            await write(ctx, memory, address, word)
            content[address] = word
            address = generator.randrange(DEPTH)
            assert await read(ctx, memory, address) == (content[address], 0, 0)

    simulate(memory, testbench, cycles=2000)


@pytest.mark.parametrize("code, inject, corrected, uncorrectable", [
    (Parity, 0b01, 0, 0), (Parity, 0b11, 0, 1),
    (Secded, 0b01, 1, 0), (Secded, 0b10, 1, 0), (Secded, 0b11, 0, 1)])
def test_injection_is_reported_and_harms_no_data(code, inject, corrected, uncorrectable):
    memory = ProtectedMemory(BITS, depth=DEPTH, code=code, init=INIT)

    async def testbench(ctx):
        ctx.set(memory.health.inject, inject)
        assert await read(ctx, memory, 5) == (INIT[5], corrected, uncorrectable)
        ctx.set(memory.health.inject, 0)
        assert await read(ctx, memory, 5) == (INIT[5], 0, 0)

    simulate(memory, testbench, cycles=100)


def test_what_does_not_count_is_not_reported():
    memory = ProtectedMemory(BITS, depth=DEPTH, init=INIT)

    async def testbench(ctx):
        ctx.set(memory.read, 0)
        ctx.set(memory.health.inject, 1)
        for _ in range(10):
            await ctx.tick()
            assert not ctx.get(memory.health.corrected) | ctx.get(memory.health.uncorrectable)

    simulate(memory, testbench, cycles=100)
