# SPDX-License-Identifier: Apache-2.0
"""Programs that wait are kept right: a flipped bit is corrected where it is read, and repaired."""

import random

import pytest

from support import simulate
from support.upsets import Upsettable
from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program_image import IMAGE_WORD_BITS, IMAGE_WORD_BYTES
from tapetum.npu.program_memory import SCRUB_CYCLES, ProgramMemory

WORDS = 10
CONFIG = NpuConfig(program_words=16)
BANKED = NpuConfig(program_words=16, program_banks=2)


def setup(seed: int, config: NpuConfig = CONFIG):
    memory = ProgramMemory(config)
    words = [random.Random(seed).getrandbits(IMAGE_WORD_BITS) for _ in range(WORDS)]
    dut = Upsettable(memory)
    # Cut across the width of a word.
    blocks = sorted((path for path in dut.memories), key=lambda path: int(path.split("_")[-1]))

    def flip(ctx, place: int, bit: int) -> None:
        for path in blocks:
            width = len(dut.memories[path][place])
            if bit < width:
                dut.flip(ctx, path, place, bit)
                return
            bit -= width

    return memory, words, dut, flip


async def load(ctx, memory, words):
    ctx.set(memory.idle, 1)
    for word in words:
        for byte in word.to_bytes(IMAGE_WORD_BYTES, "little"):
            ctx.set(memory.append, 1)
            ctx.set(memory.byte, byte)
            await ctx.tick()
    ctx.set(memory.append, 0)


async def read(ctx, memory, place: int):
    ctx.set(memory.idle, 0)
    ctx.set(memory.address, place)
    await ctx.tick().repeat(memory.latency_cycles)
    return ctx.get(memory.word), ctx.get(memory.memory.corrected), ctx.get(
        memory.memory.uncorrectable)


def test_a_wrong_bit_is_corrected_as_it_is_read_and_two_are_told(seed):
    memory, words, dut, flip = setup(seed)

    async def testbench(ctx):
        await load(ctx, memory, words)
        ctx.set(memory.idle, 0)
        for bit in range(IMAGE_WORD_BITS + 8):
            place = bit % WORDS
            flip(ctx, place, bit)
            assert await read(ctx, memory, place) == (words[place], 1, 0)
            other = (bit + 3) % (IMAGE_WORD_BITS + 8)
            flip(ctx, place, other)
            _, corrected, uncorrectable = await read(ctx, memory, place)
            assert (corrected, uncorrectable) == (0, 1)
            flip(ctx, place, bit)
            flip(ctx, place, other)
            assert await read(ctx, memory, place) == (words[place], 0, 0)

    simulate(dut, testbench, cycles=4000, stream_domains={})


def test_walk_repairs_what_has_been_received_while_idle(seed):
    memory, words, dut, flip = setup(seed)
    told = []

    async def listen(ctx):
        while True:
            _, _, corrected, uncorrectable = await ctx.tick().sample(
                memory.memory.corrected, memory.memory.uncorrectable)
            told.append(corrected)
            assert not uncorrectable

    async def testbench(ctx):
        await load(ctx, memory, words)
        walk = 2 * (WORDS + 2) * SCRUB_CYCLES
        await ctx.tick().repeat(walk)
        assert not any(told)
        for bit, place in ((0, 0), (71, 3), (75, WORDS - 1)):
            flip(ctx, place, bit)
            await ctx.tick().repeat(walk)
            assert sum(told) == 1
            told.clear()
            assert await read(ctx, memory, place) == (words[place], 0, 0)
            ctx.set(memory.idle, 1)
        flip(ctx, WORDS, 0)
        await ctx.tick().repeat(walk)
        assert not any(told)

    simulate(dut, testbench, background=(listen,), cycles=5000, stream_domains={})


def test_repairs_do_not_disturb_bytes_that_come_at_any_time(seed):
    memory, words, dut, flip = setup(seed)
    generator = random.Random(seed)

    async def testbench(ctx):
        await load(ctx, memory, words[:5])
        flip(ctx, 2, 40)
        for word in words[5:]:
            for byte in word.to_bytes(IMAGE_WORD_BYTES, "little"):
                ctx.set(memory.append, 1)
                ctx.set(memory.byte, byte)
                await ctx.tick()
                ctx.set(memory.append, 0)
                await ctx.tick().repeat(generator.randrange(1, 13))
        for place, word in enumerate(words):
            found, _, uncorrectable = await read(ctx, memory, place)
            assert (found, uncorrectable) == (word, 0)

    simulate(dut, testbench, cycles=5000, stream_domains={})


@pytest.mark.parametrize("chosen", [0, 1])
def test_programs_of_both_banks_are_repaired_whichever_is_chosen(seed, chosen):
    memory, words, dut, flip = setup(seed, BANKED)
    generator = random.Random(seed)
    others = [generator.getrandbits(IMAGE_WORD_BITS) for _ in range(3)]
    told = []

    async def listen(ctx):
        while True:
            _, _, corrected, uncorrectable = await ctx.tick().sample(
                memory.memory.corrected, memory.memory.uncorrectable)
            told.append(corrected)
            assert not uncorrectable, "a word was checked that was never written"

    async def testbench(ctx):
        dut.scramble(ctx, generator, "")
        ctx.set(memory.idle, 1)
        for bank, image in enumerate((words, others)):
            ctx.set(memory.bank, bank)
            ctx.set(memory.restart, 1)
            await ctx.tick()
            ctx.set(memory.restart, 0)
            ctx.set(memory.bank, bank ^ 1)  # Bytes go where the restart said.
            await load(ctx, memory, image)
        ctx.set(memory.bank, chosen)
        walk = 2 * (len(words) + len(others) + 4) * SCRUB_CYCLES
        await ctx.tick().repeat(walk)
        assert not any(told)
        for bank, place in ((0, 2), (0, WORDS - 1), (1, 0), (1, 2)):
            flip(ctx, 16 * bank + place, 5)
            await ctx.tick().repeat(walk)
            assert sum(told) == 1
            told.clear()
        for place, word in enumerate((words, others)[chosen]):
            assert await read(ctx, memory, place) == (word, 0, 0)
        ctx.set(memory.address, 12)  # Nothing was written there.
        await ctx.tick().repeat(8)

    simulate(dut, testbench, background=(listen,), cycles=8000, stream_domains={})
