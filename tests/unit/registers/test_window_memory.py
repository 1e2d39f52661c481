# SPDX-License-Identifier: Apache-2.0
"""Entries change whole, read back byte by byte, and reach the die as words."""

from random import Random

import pytest

from support import simulate
from tapetum.registers.definition import MemoryWindow
from tapetum.registers.window_memory import WindowMemory, WindowWriter


@pytest.mark.parametrize("entries, entry_bytes", [(8, 4), (5, 2), (16, 1), (3, 8)])
def test_what_is_written_is_read_by_host_and_die(entries, entry_bytes, seed):
    window = MemoryWindow(name="table", address=0x8000, entries=entries, entry_bytes=entry_bytes,
                          sentence="A table.")
    dut, random = WindowMemory(window), Random(seed)
    content = [random.getrandbits(8 * entry_bytes) for _ in range(entries)]
    announced = []

    async def host(ctx):
        for place, value in enumerate(content):
            for offset, byte in enumerate(value.to_bytes(entry_bytes, "big")):
                ctx.set(dut.window.address, place * entry_bytes + offset)
                ctx.set(dut.window.write_data, byte)
                ctx.set(dut.window.write, 1)
                await ctx.tick()
                ctx.set(dut.window.write, 0)
                await ctx.tick().repeat(1 + random.randrange(3))
        await ctx.tick()
        for place, value in enumerate(content):
            read = bytearray()
            for offset in range(entry_bytes):
                ctx.set(dut.window.address, place * entry_bytes + offset)
                await ctx.tick().repeat(2)
                read.append(ctx.get(dut.window.read_data))
            assert int.from_bytes(read, "big") == value
            ctx.set(dut.read_entry, place)
            await ctx.tick()
            assert ctx.get(dut.read_data) == value

    async def watch(ctx):
        async for _, _, written, entry, word in ctx.tick().sample(dut.written, dut.entry, dut.data):
            if written:
                announced.append((entry, word))

    simulate(dut, host, cycles=2000, background=(watch,))
    assert announced == list(enumerate(content))


def test_an_entry_keeps_its_value_until_its_last_byte():
    window = MemoryWindow(name="table", address=0x8000, entries=4, entry_bytes=4,
                          sentence="A table.")
    dut = WindowMemory(window)

    async def host(ctx):
        for offset, byte in enumerate((1, 2, 3, 4, 9, 9, 9)):
            ctx.set(dut.window.address, offset % 4)
            ctx.set(dut.window.write_data, byte)
            ctx.set(dut.window.write, 1)
            await ctx.tick()
        ctx.set(dut.window.write, 0)
        await ctx.tick().repeat(3)
        assert ctx.get(dut.read_data) == 0x01020304

    simulate(dut, host, cycles=100)


def test_a_writer_hands_entries_on_and_ignores_what_lies_behind_the_last():
    window = MemoryWindow(name="table", address=0x8000, entries=3, entry_bytes=2,
                          sentence="A table.")
    dut, announced = WindowWriter(window), []

    async def host(ctx):
        for offset in range(8):
            ctx.set(dut.window.address, offset)
            ctx.set(dut.window.write_data, offset + 1)
            ctx.set(dut.window.write, 1)
            await ctx.tick()
            if ctx.get(dut.written):
                announced.append((ctx.get(dut.entry), ctx.get(dut.data)))
        assert ctx.get(dut.window.read_data) == 0

    simulate(dut, host, cycles=100)
    assert announced == [(0, 0x0102), (1, 0x0304), (2, 0x0506)]
