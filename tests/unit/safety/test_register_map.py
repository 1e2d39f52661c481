# SPDX-License-Identifier: Apache-2.0
"""An upset of any bit of the registers is found by the next walk; what a host writes is not one."""

import numpy as np
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.crc import Algorithm
from amaranth.lib.wiring import In, Out, connect, flipped

from support import simulate
from support.registers import RegisterHost
from tapetum.registers.bank import RegisterBank
from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES, RegisterBus
from tapetum.registers.definition import Access, Register, Storage
from tapetum.registers.layout import RegisterLayout
from tapetum.registers.register_memory import RegisterMemory
from tapetum.safety.register_map import POLYNOMIAL, RegisterMapCheck, word_factors

CRC = Algorithm(crc_width=32, polynomial=POLYNOMIAL, initial_crc=0, reflect_input=False,
                reflect_output=False, xor_output=0)
TABLE = [
    Register(name="wide", address=0x0200, width_bytes=4, reset=0x12345678, sentence="Wide."),
    Register(name="pair", address=0x0204, width_bytes=2, reset=0xABCD, sentence="Two bytes."),
    Register(name="narrow", address=0x0207, bits=5, reset=3, sentence="Some bits."),
    Register(name="fixed", address=0x0001, reset=0x5A, access=Access.READ_ONLY,
             storage=Storage.CONSTANT, sentence="Never changes."),
    Register(name="at_once", address=0x3010, width_bytes=2, storage=Storage.IMMEDIATE,
             reset=0x77, sentence="Acts at once."),
    Register(name="found", address=0x3012, access=Access.WRITE_ONE_TO_CLEAR,
             storage=Storage.STATUS, sentence="Is cleared."),
]
LAYOUT = RegisterLayout(TABLE)
WALK_CYCLES = 8 * (LAYOUT.words + 1) + 2


class Checked(wiring.Component):
    """A small register bank and who watches it."""

    def __init__(self):
        self.bank, self.check = RegisterBank(TABLE), RegisterMapCheck(LAYOUT)
        super().__init__({"bus": In(RegisterBus()), "start": In(1), "inject": In(1),
                          "crc": Out(32), "raised": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.bank, m.submodules.check = bank, check = self.bank, self.check
        connect(m, flipped(self.bus), bank.bus)
        connect(m, bank.watch, check.registers)
        m.d.comb += [check.start.eq(self.start), check.inject.eq(self.inject),
                     self.crc.eq(check.crc), self.raised.eq(check.raised)]
        return m


class Bench:
    """Counts complaints, walks, upsets bits."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut, self.raised = ctx, dut, 0
        self.memory: RegisterMemory = dut.bank.memory
        self.host = RegisterHost(ctx, dut.bus)

    async def count(self, ctx):
        async for _, _, raised in ctx.tick().sample(self.dut.raised):
            self.raised += raised

    async def walk(self) -> int:
        """Complaints of a walk that begins now."""
        before = self.raised
        self.ctx.set(self.dut.start, 1)
        await self.ctx.tick()
        self.ctx.set(self.dut.start, 0)
        await self.ctx.tick().repeat(WALK_CYCLES + 20)  # and a write before it
        return self.raised - before

    def upset(self, word: int, mask: int) -> None:
        cell = self.memory.values.data[word]
        self.ctx.set(cell, self.ctx.get(cell) ^ mask)

    def content(self) -> bytes:
        return b"".join(self.ctx.get(self.memory.values.data[word]).to_bytes(4, "big")
                        for word in range(LAYOUT.words))


def run(test, *, cycles: int) -> None:
    dut, benches = Checked(), []

    async def testbench(ctx):
        benches.append(Bench(ctx, dut))
        while ctx.get(dut.bank.busy):
            await ctx.tick()
        await ctx.tick().repeat(WALK_CYCLES + 4)
        await test(benches[0])

    async def count(ctx):
        while not benches:
            await ctx.tick()
        await benches[0].count(ctx)

    simulate(dut, testbench, background=(count,), cycles=cycles)


def test_the_factors_are_those_of_a_crc(seed):
    draw = np.random.default_rng(seed)
    words = [int(word) for word in draw.integers(0, 1 << 32, 7)]
    total = 0
    for word, factor in zip(words, word_factors(7), strict=True):
        for bit in range(32):
            if word >> bit & 1:
                shifted = factor
                for _ in range(bit):
                    shifted = (shifted << 1 ^ (POLYNOMIAL if shifted >> 31 else 0)) & 0xFFFFFFFF
                total ^= shifted
    raw = b"".join(word.to_bytes(4, "big") for word in words)
    assert total == CRC(8).compute(raw)


def test_reset_values_and_all_kinds_of_writes_raise_nothing(seed):
    async def test(bench):
        assert bench.ctx.get(bench.dut.crc) == CRC(8).compute(bench.content())
        draw = np.random.default_rng(seed)
        addresses = [a for register in TABLE for a in register.addresses] + [0x0203, 0x3333]
        for _ in range(12):
            for _ in range(int(draw.integers(1, 12))):
                start, count = int(draw.choice(addresses)), int(draw.integers(1, 5))
                await bench.host.write([(start + offset, int(draw.integers(256)))
                                        for offset in range(count)])
                await bench.ctx.tick().repeat(int(draw.integers(1, 40)))
            assert await bench.walk() == 0
            assert bench.ctx.get(bench.dut.crc) == CRC(8).compute(bench.content())
        assert bench.raised == 0

    run(test, cycles=90_000)


def test_every_upset_of_one_bit_and_of_a_few_is_found(seed):
    async def test(bench):
        draw = np.random.default_rng(seed)
        for word in (0, LAYOUT.words - 1, *(int(w) for w in draw.integers(0, LAYOUT.words, 6))):
            mask = 1 << int(draw.integers(32)) | int(draw.integers(1 << 32) & draw.integers(1 << 32)
                                                     & draw.integers(1 << 32))
            bench.upset(word, mask)
            assert await bench.walk() == 1, (word, mask)
            bench.upset(word, mask)
            assert await bench.walk() == 0

    run(test, cycles=40_000)


def test_an_upset_in_a_word_does_not_hide_behind_a_write_to_it():
    async def test(bench):
        place = LAYOUT.word_of(TABLE[0])
        for mask in (1, 0x80000000, 0x00FF0000):
            bench.upset(place, mask)
            await bench.host.write(enumerate(b"\x0f\xf0\x55\xaa", TABLE[0].address))
            assert await bench.walk() == 1
            # What was overwritten is right again, and still was an upset: the reference says so.
            bench.upset(place, mask)
            assert await bench.walk() == 0
            bench.upset(place, mask)
            bench.upset(place, mask)

    run(test, cycles=20_000)


def test_writes_at_any_moment_of_a_walk_raise_nothing():
    async def test(bench):
        for moment in range(0, 40, 3):
            bench.ctx.set(bench.dut.start, 1)
            await bench.ctx.tick()
            bench.ctx.set(bench.dut.start, 0)
            await bench.ctx.tick().repeat(WALK_CYCLES - 20 + moment)
            await bench.host.write([(0x0207, moment), (0x0204, 9), (0x0205, moment)])
        await bench.ctx.tick().repeat(2 * WALK_CYCLES)
        assert await bench.walk() == 0
        assert bench.raised == 0
        assert bench.ctx.get(bench.dut.crc) == CRC(8).compute(bench.content())

    run(test, cycles=60 * WALK_CYCLES)


def test_the_injection_is_found_and_leaves_nothing_behind():
    async def test(bench):
        bench.ctx.set(bench.dut.inject, 1)
        await bench.ctx.tick().repeat(WALK_CYCLES + 8)
        assert bench.raised == 1
        bench.ctx.set(bench.dut.inject, 0)
        assert await bench.walk() == 0
        for moment in range(1, WALK_CYCLES, 37):
            before = bench.raised
            bench.ctx.set(bench.dut.inject, 1)
            await bench.ctx.tick().repeat(moment)
            bench.ctx.set(bench.dut.inject, 0)
            await bench.ctx.tick().repeat(WALK_CYCLES + 8)
            assert bench.raised == before, moment

    run(test, cycles=80 * WALK_CYCLES)


def test_a_walk_takes_as_long_as_stated():
    async def test(bench):
        bench.upset(3, 1)
        bench.ctx.set(bench.dut.start, 1)
        await bench.ctx.tick()
        bench.ctx.set(bench.dut.start, 0)
        cycles = 0
        while not bench.raised:
            await bench.ctx.tick()
            cycles += 1
        assert WALK_CYCLES <= cycles <= WALK_CYCLES + 5
        assert ACCESS_INTERVAL_CYCLES >= 8

    run(test, cycles=8 * WALK_CYCLES)
