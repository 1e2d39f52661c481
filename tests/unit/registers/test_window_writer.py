# SPDX-License-Identifier: Apache-2.0
"""Entries are handed on whole, with their last byte."""

from random import Random

import pytest

from support import simulate
from tapetum.registers.definition import MemoryWindow
from tapetum.registers.window_writer import WindowWriter


def writer(entries: int, entry_bytes: int) -> WindowWriter:
    return WindowWriter(MemoryWindow(name="table", address=0x8000, entries=entries,
                                     entry_bytes=entry_bytes, sentence="A table."))


def announced_after(dut: WindowWriter, writes: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Entries and data that leave when the host writes bytes: address, byte, clocks to rest."""
    announced = []

    async def host(ctx):
        for address, byte, rest in writes:
            ctx.set(dut.window.address, address)
            ctx.set(dut.window.write_data, byte)
            ctx.set(dut.window.write, 1)
            await ctx.tick()
            ctx.set(dut.window.write, 0)
            if rest:
                await ctx.tick().repeat(rest)
            assert ctx.get(dut.window.read_data) == 0
        await ctx.tick().repeat(2)

    async def watch(ctx):
        async for _, _, written, entry, word in ctx.tick().sample(dut.written, dut.entry, dut.data):
            if written:
                announced.append((entry, word))

    simulate(dut, host, cycles=2000, background=(watch,))
    return announced


@pytest.mark.parametrize("entries, entry_bytes", [(8, 4), (5, 2), (16, 1), (3, 8)])
def test_entries_are_handed_on_whole_whatever_rests_lie_between_their_bytes(
        entries, entry_bytes, seed):
    random = Random(seed)
    content = [random.getrandbits(8 * entry_bytes) for _ in range(entries)]
    writes = [(place * entry_bytes + offset, byte, random.randrange(4))
              for place, value in enumerate(content)
              for offset, byte in enumerate(value.to_bytes(entry_bytes, "big"))]
    assert announced_after(writer(entries, entry_bytes), writes) == list(enumerate(content))


def test_an_entry_without_its_last_byte_is_not_handed_on():
    writes = [(offset % 4, byte, 0) for offset, byte in enumerate((1, 2, 3, 4, 9, 9, 9))]
    assert announced_after(writer(4, 4), writes) == [(0, 0x01020304)]


def test_what_lies_behind_the_last_entry_is_ignored():
    writes = [(offset, offset + 1, 0) for offset in range(8)]
    assert announced_after(writer(3, 2), writes) == [(0, 0x0102), (1, 0x0304), (2, 0x0506)]
