# SPDX-License-Identifier: Apache-2.0
"""A bit that flips in a room's memory is told as its word is used, and nothing else is."""

import random

import pytest

from support import simulate
from support.adoption import adopt
from support.upsets import Upsettable
from tapetum.compand.table_memory import SegmentSearch
from tapetum.compand.tables import BUILT_IN_TABLES
from tapetum.correct.defects.line_store import ROWS, LineStore
from tapetum.correct.row_hold import RowHold
from tapetum.hdr.align import Align
from tapetum.hdr.row_ring import RowRing
from tapetum.presets import preset
from tapetum.registers.layout import RegisterLayout
from tapetum.registers.register_memory import RegisterMemory
from tapetum.registers.table import register_table
from tapetum.stream.delay import DelayLine


def run(design, drive, *, flip=None, cycles: int) -> list[int]:
    """Clocks in which ``design.memory`` tells of wrong bits.

    ``drive`` gets the context and the clock; ``flip`` is memory, clock, word and bit.
    """
    dut, told = Upsettable(design), []

    async def testbench(ctx):
        for clock in range(cycles):
            drive(ctx, clock)
            if flip and clock == flip[1]:
                path, = (path for path in dut.memories if path.endswith(flip[0]))
                dut.flip(ctx, path, *flip[2:])
            _, _, wrong, corrected = await ctx.tick().sample(
                design.memory.uncorrectable, design.memory.corrected)
            assert not corrected
            if wrong:
                told.append(clock)

    simulate(dut, testbench, cycles=cycles + 10, stream_domains={})
    return told


@pytest.mark.parametrize("clock", [40, 45, 51])
def test_a_delay_line_tells_within_its_delay(clock, seed):
    cycles, bits = 9, 20

    def drive(generator, line):
        def step(ctx, now):
            ctx.set(line.i.payload, generator.getrandbits(bits))
            ctx.set(line.i.valid, generator.randrange(2))
        return step

    line = DelayLine(bits, cycles)
    assert not run(line, drive(random.Random(seed), line), cycles=100)
    line = DelayLine(bits, cycles)
    told = run(line, drive(random.Random(seed), line), cycles=100,
               flip=("entries", clock, seed % (cycles - 1), seed % (bits + 1)))
    # A word that is being overwritten, or has just been read, does no harm.
    assert len(told) <= 1
    assert not told or clock < told[0] <= clock + cycles + 3


def test_some_flips_in_a_delay_line_are_told():
    told = []
    for place in range(8):
        line = DelayLine(4, 9)
        told += run(line, lambda ctx, now: None, cycles=60, flip=("entries", 30, place, 2))
    assert len(told) >= 7


def test_a_row_hold_tells_as_the_word_leaves():
    def drive(hold):
        def step(ctx, now):
            ctx.set(hold.i.valid, now < 20)
            ctx.set(hold.i.payload, 37 * now & 0xFF)
            ctx.set(hold.line_last, now == 19)
            ctx.set(hold.release, now == 30)
        return step

    hold = RowHold(8, 32)
    assert not run(hold, drive(hold), cycles=80)
    hold = RowHold(8, 32)
    assert len(run(hold, drive(hold), cycles=80, flip=("entries", 25, 7, 8))) == 1


def test_a_line_store_tells_of_a_code_in_its_last_row(seed):
    config = preset("tiny")
    beats, capture = 16, 2

    def drive(store):
        generator = random.Random(seed)

        def step(ctx, now):
            ctx.set(store.valid, 1)
            ctx.set(store.capture, capture)
            ctx.set(store.beat.column, now % beats)
            ctx.set(store.beat.codes[0], generator.getrandbits(12))
            ctx.set(store.above, now >= (ROWS + 1) * beats)
        return step

    store = LineStore(config)
    assert not run(store, drive(store), cycles=12 * beats)
    for row in range(ROWS - 1):
        store = LineStore(config)
        place = (capture << len(store.beat.column)) + 5
        told = run(store, drive(store), cycles=14 * beats,
                   flip=("block_0", 8 * beats, place, 13 * row + seed % 13))
        assert len(told) == 1
        assert 8 * beats < told[0] <= (8 + ROWS) * beats


def test_a_row_ring_tells_of_the_words_that_count():
    def drive(ring):
        def step(ctx, now):
            ctx.set(ring.i.valid, now < 6)
            ctx.set(ring.i.payload, 91 * now & 0xFF)
            ctx.set(ring.i_first, now == 0)
            ctx.set(ring.i_last, now == 5)
            ctx.set(ring.column, now % 6)
            ctx.set(ring.read, now >= 20)
        return step

    ring = RowRing(8, rows=3, beats=6)
    assert not run(ring, drive(ring), cycles=40)
    ring = RowRing(8, rows=3, beats=6)
    told = run(ring, drive(ring), cycles=40, flip=("block_0", 12, 3, 0))
    assert told
    assert all(clock % 6 == told[0] % 6 for clock in told)
    ring = RowRing(8, rows=3, beats=6)
    assert not run(ring, drive(ring), cycles=40, flip=("block_0", 12, 9, 0))


@pytest.mark.parametrize("stage", ["leaving.stage_2", "top.out_1"])
def test_a_row_that_waits_for_its_partners_tells_of_a_pixel(stage, seed):
    config = preset("tiny")
    config = config.with_(captures=config.captures[:1])
    align, told, generator = Align(config), [], random.Random(seed)
    dut = Upsettable(align)
    place, name = stage.split(".")
    register, = (each for each in dut.registers[place] if each.name == name)

    async def testbench(ctx):
        await adopt(ctx, align.settings, 0, {"capture_mask": 1})
        ctx.set(align.i.valid, 1)
        for clock in range(40):
            ctx.set(align.i.payload.codes[0], generator.getrandbits(12))
            if clock == 20:
                ctx.set(register, ctx.get(register) ^ 1 << generator.randrange(12))
            _, _, wrong = await ctx.tick().sample(align.memory.uncorrectable)
            if wrong:
                told.append(clock)

    simulate(dut, testbench, cycles=60, stream_domains={})
    assert len(told) == 1
    assert 20 < told[0] < 20 + align.latency_cycles + 2


@pytest.mark.parametrize("memory", ["bounds_0", "bounds_5", "records"])
def test_companding_tables_tell_of_a_segment_that_is_used(memory):
    search = SegmentSearch(BUILT_IN_TABLES, lanes=1)
    assert not run(search, lambda ctx, now: ctx.set(search.slot, 1), cycles=40)
    search = SegmentSearch(BUILT_IN_TABLES, lanes=1)
    depth = {"bounds_0": 0, "bounds_5": 5, "records": 6}[memory]
    told = run(search, lambda ctx, now: ctx.set(search.slot, 1), cycles=60,
               flip=(memory, 10, 1 << depth, 3))
    assert told


@pytest.mark.parametrize("inject, tells", [(1, False), (3, True)])
def test_injection_reaches_every_memory(inject, tells):
    search = SegmentSearch(BUILT_IN_TABLES, lanes=1)
    told = run(search, lambda ctx, now: ctx.set(search.memory.inject, inject), cycles=20)
    assert bool(told) == tells


def test_a_register_keeps_its_value_with_a_wrong_bit_and_says_so():
    layout = RegisterLayout(register_table(preset("tiny")))
    memory = RegisterMemory(layout)
    dut = Upsettable(memory)
    values, checks = (next(path for path in dut.memories if path.endswith(name))
                      for name in ("values", "checks"))
    word, content = 3, 0x5AC30F81

    async def testbench(ctx):
        while ctx.get(memory.busy):
            await ctx.tick()
        ctx.set(memory.write, 1)
        ctx.set(memory.write_place, word)
        ctx.set(memory.write_bytes, 0b1111)
        ctx.set(memory.write_data, content)
        await ctx.tick()
        ctx.set(memory.write, 0)
        ctx.set(memory.word_address, word)
        ctx.set(memory.place, 4 * word)
        for path, bits, byte_bits in ((values, 32, 8), (checks, 20, 5)):
            for bit in range(bits):
                second = 8 * (bit // byte_bits) + (bit + 1) % 8
                await ctx.tick().repeat(6)
                assert not ctx.get(memory.health.corrected)
                dut.flip(ctx, path, word, bit)
                await ctx.tick().repeat(6)
                assert ctx.get(memory.word) == ctx.get(memory.host_word) == content
                assert ctx.get(memory.health.corrected)
                assert not ctx.get(memory.health.uncorrectable)
                dut.flip(ctx, values, word, second)
                await ctx.tick().repeat(6)
                assert ctx.get(memory.health.uncorrectable)
                dut.flip(ctx, values, word, second)
                dut.flip(ctx, path, word, bit)

    simulate(dut, testbench, cycles=8000, stream_domains={})
