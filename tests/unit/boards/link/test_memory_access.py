# SPDX-License-Identifier: Apache-2.0
"""Bytes reach the memory in whole bursts, in their order, or not at all."""

from random import Random

from support import simulate
from tapetum_boards.link.board_bus import MEMORY
from tapetum_boards.link.memory_access import MemoryAccess

BURSTS = 8


class Bench:
    def __init__(self):
        self.dut = MemoryAccess(21)
        self.bursts = {number: bytes([0xE0 + number]) * 16 for number in range(BURSTS)}

    async def serve(self, ctx):
        port = self.dut.memory
        while True:
            await ctx.tick().until(port.request)
            await ctx.tick().repeat(3)
            address, write = ctx.get(port.address), ctx.get(port.write)
            ctx.set(port.taken, 1)
            await ctx.tick()
            ctx.set(port.taken, 0)
            words = []
            for place in range(8):
                ctx.set(port.moved, 1)
                ctx.set(port.done, place == 7)
                words.append(ctx.get(port.word_in))
                ctx.set(port.word_out, int.from_bytes(
                    self.bursts[address][2 * place:2 * place + 2], "big"))
                await ctx.tick()
            ctx.set(port.moved, 0)
            ctx.set(port.done, 0)
            if write:
                self.bursts[address] = b"".join(word.to_bytes(2, "big") for word in words)

    async def access(self, ctx, place, data=None):
        """The byte read, or whether the one written was taken; None if it was refused."""
        bus = self.dut.bus
        ctx.set(bus.address, MEMORY + place)
        ctx.set(bus.write, data is not None)
        ctx.set(bus.write_data, data or 0)
        ctx.set(bus.request, 1)
        await ctx.tick()
        ctx.set(bus.request, 0)
        while not ctx.get(bus.done):
            await ctx.tick()
        answer = None if ctx.get(bus.refused) else True if data is not None \
            else ctx.get(bus.read_data)
        await ctx.tick()
        return answer

    async def put(self, ctx, place, data):
        return [await self.access(ctx, place + index, byte) for index, byte in enumerate(data)]

    async def fetch(self, ctx, place, count):
        return [await self.access(ctx, place + index) for index in range(count)]

    def run(self, testbench):
        simulate(self.dut, testbench, cycles=20_000, background=(self.serve,))


def test_whole_bursts_are_written_and_read(seed):
    bench, data = Bench(), Random(seed).randbytes(64)

    async def testbench(ctx):
        assert all(await bench.put(ctx, 0x20, data))
        assert bytes(await bench.fetch(ctx, 0x20, 64)) == data
        assert bytes(await bench.fetch(ctx, 0x30, 5)) == data[16:21]

    bench.run(testbench)
    assert b"".join(bench.bursts[number] for number in range(2, 6)) == data


def test_what_begins_within_a_burst_is_refused_to_its_end():
    bench = Bench()
    before = dict(bench.bursts)

    async def testbench(ctx):
        assert await bench.put(ctx, 0x08, bytes(8)) == [None] * 8
        assert await bench.fetch(ctx, 0x18, 8) == [None] * 8
        assert all(await bench.put(ctx, 0x40, b"half of it"))
        assert await bench.put(ctx, 0x5A, bytes(6)) == [None] * 6

    bench.run(testbench)
    assert bench.bursts == before, "half a burst is not written"


def test_bytes_of_another_burst_are_not_taken_for_those_that_follow():
    bench = Bench()

    async def testbench(ctx):
        assert await bench.fetch(ctx, 0x00, 8) == [0xE0] * 8
        assert await bench.fetch(ctx, 0x18, 8) == [None] * 8
        assert await bench.fetch(ctx, 0x10, 16) == [0xE1] * 16

    bench.run(testbench)
