# SPDX-License-Identifier: Apache-2.0
"""The byte window on the table of row events."""

import pytest
from amaranth import *

from support import simulate
from tapetum.readout.row_event import ROW_EVENT_BYTES, RowEventWord
from tapetum.readout.row_event_table import RowEventTable
from tapetum.row_timing import Ramp, RowEvent

from .bench import small_die

EVENT = RowEvent(time_cycles=0x1234, group=2, transfer=True, high_gain=True, ramp=Ramp.SIGNAL,
                 capture=3)


async def write_byte(ctx, table, address: int, value: int) -> None:
    ctx.set(table.address, address)
    ctx.set(table.write_data, value)
    ctx.set(table.write, 1)
    await ctx.tick()
    ctx.set(table.write, 0)


async def read_word(ctx, table, index: int) -> int:
    word = 0
    for byte in range(ROW_EVENT_BYTES):
        ctx.set(table.address, index * ROW_EVENT_BYTES + byte)
        await ctx.tick()
        word = word << 8 | ctx.get(table.read_data)
    return word


def run(testbench, config=None):
    table = RowEventTable(config or small_die(4))

    async def bench(ctx):
        await ctx.tick().repeat(table.fill_cycles)
        await testbench(ctx, table)

    simulate(table, bench, cycles=1000)


def test_a_word_has_the_documented_bytes():
    assert RowEventWord.encode(EVENT) == 0x1234_0D_2B


@pytest.mark.parametrize("captures", [1, 2, 3, 4])
def test_starts_with_the_row_timing_of_the_configuration(captures):
    config = small_die(captures)

    async def bench(ctx, table):
        events = [RowEventWord.encode(event) for event in config.row_timing.events]
        for index, word in enumerate(events):
            assert await read_word(ctx, table, index) == word
        assert await read_word(ctx, table, len(events)) == RowEventWord.end()
        for group, cycles in enumerate(config.row_timing.transfer_cycles):
            assert ctx.get(table.transfer_cycles[group]) == cycles

    run(bench, config)


def test_a_word_changes_as_a_whole_with_its_last_byte():
    async def bench(ctx, table):
        before = await read_word(ctx, table, 5)
        octets = RowEventWord.encode(EVENT).to_bytes(ROW_EVENT_BYTES, "big")
        for byte, value in enumerate(octets):
            assert await read_word(ctx, table, 5) == before
            await write_byte(ctx, table, 5 * ROW_EVENT_BYTES + byte, value)
        assert await read_word(ctx, table, 5) == RowEventWord.encode(EVENT)
        assert ctx.get(table.transfer_cycles[2]) == EVENT.time_cycles

    run(bench)


def test_a_locked_table_does_not_change():
    async def bench(ctx, table):
        before = await read_word(ctx, table, 5)
        ctx.set(table.locked, 1)
        for byte in range(ROW_EVENT_BYTES):
            await write_byte(ctx, table, 5 * ROW_EVENT_BYTES + byte, 0xFF)
        ctx.set(table.locked, 0)
        assert await read_word(ctx, table, 5) == before

    run(bench)


def test_a_reset_brings_the_words_of_the_configuration_back():
    config = small_die(2)
    table, reset = RowEventTable(config), Signal()

    async def bench(ctx):
        await ctx.tick().repeat(table.fill_cycles)
        for byte, value in enumerate(RowEventWord.encode(EVENT).to_bytes(4, "big")):
            await write_byte(ctx, table, byte, value)
        assert await read_word(ctx, table, 0) == RowEventWord.encode(EVENT)
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        await ctx.tick().repeat(table.fill_cycles)
        assert await read_word(ctx, table, 0) == RowEventWord.encode(config.row_timing.events[0])
        for group, cycles in enumerate(config.row_timing.transfer_cycles):
            assert ctx.get(table.transfer_cycles[group]) == cycles

    simulate(ResetInserter(reset)(table), bench, cycles=1000)
