# SPDX-License-Identifier: Apache-2.0
"""A table of the host's is taken exactly if it is one, and no frame ever sees half of it."""

import numpy as np
import pytest
from amaranth import *

from support import FULL_RATE, TrafficPattern, simulate, stream_put
from support.adoption import adopt
from support.rows import collect_beats, rows_of
from tapetum.compand.compander import Compander
from tapetum.compand.table_loader import TableLoader
from tapetum.compand.table_window import EDITED_PAGE
from tapetum.compand.tables import BUILT_IN_TABLES, OCTAVES_12, OX03C10, CompandingTable
from tapetum.config import ConfigError
from tapetum.control.frame_settings import DataFormat, FrameSettings, adopted_settings
from tapetum.pixel import LinearPixels
from tapetum.presets import preset
from tapetum_sim.models.compand import (
    compand,
    compand_frame,
    slot_of,
    table_from_window,
    table_of,
    table_to_window,
)

LOAD_CYCLES = 200
STEEP = CompandingTable(name="steep", output_bits=12, widths_log2=(22, 22, 22, 21, 20, 20),
                        steps=(3000, 500, 300, 200, 50, 46))
FULL = CompandingTable(name="64 segments", output_bits=16, widths_log2=(18,) * 64,
                       steps=tuple(range(992, 1056)))
WIDE = CompandingTable(name="largest steps", output_bits=20, widths_log2=(21,) * 8,
                       steps=(131071,) * 8)


def random_table(generator) -> CompandingTable:
    """Segments of random widths that fill 2**24, and rises that end below full scale."""
    widths = [23, 23]
    for _ in range(generator.integers(62)):
        index = int(generator.integers(len(widths)))
        if widths[index]:
            widths[index:index + 1] = [widths[index] - 1] * 2
    bits = int(generator.choice([12, 13, 14, 16, 20]))
    short = int(generator.integers(64))
    cuts = np.sort(generator.choice((1 << bits) - short - 1, len(widths) - 1, replace=False)) + 1
    steps = np.diff([0, *cuts, (1 << bits) - short])
    if max(steps) >= 1 << 17:
        return random_table(generator)
    return CompandingTable(name="random", output_bits=bits, widths_log2=tuple(widths),
                           steps=tuple(int(step) for step in steps))


def words_of(window: bytes) -> list[int]:
    return [int.from_bytes(window[start:start + 4], "big") for start in range(0, 256, 4)]


def window_of(words: list[int]) -> bytes:
    return b"".join(word.to_bytes(4, "big") for word in words)


async def write_window(ctx, dut, window: bytes) -> None:
    for address, byte in enumerate(window):
        ctx.set(dut.window_address, address)
        ctx.set(dut.window_write_data, byte)
        ctx.set(dut.window_write, 1)
        await ctx.tick()
    ctx.set(dut.window_write, 0)


async def read_window(ctx, dut, shown: int) -> bytes:
    ctx.set(dut.shown, shown)
    content = bytearray()
    for address in range(256):
        ctx.set(dut.window_address, address)
        await ctx.tick().repeat(2)
        content.append(ctx.get(dut.window_read_data))
    return bytes(content)


async def load(ctx, dut, output_bits: int) -> bool:
    """Load the edited table and wait; whether it was taken."""
    ctx.set(dut.output_bits, output_bits)
    ctx.set(dut.load, 1)
    await ctx.tick()
    ctx.set(dut.load, 0)
    ctx.set(dut.output_bits, 31)
    pulses = 0
    while ctx.get(dut.busy):
        await ctx.tick()
        pulses += ctx.get(dut.table_invalid)
    await ctx.tick()
    assert pulses == ctx.get(dut.refused)
    assert not ctx.get(dut.table_invalid), "a pulse lasts one clock"
    return not pulses


class Taken:
    """What the loader has written, as the compander would hold it."""

    def __init__(self, dut):
        self.dut = dut
        self.slots: dict[int, dict[int, object]] = {}

    async def watch(self, ctx):
        async for _, _, enable, write in ctx.tick().sample(self.dut.write_enable, self.dut.write):
            if enable:
                self.slots.setdefault(write.slot, {})[write.segment] = write

    def assert_is(self, slot: int, table: CompandingTable) -> None:
        writes = self.slots[slot]
        assert sorted(writes) == list(range(64))
        for number, segment in enumerate(table.segments):
            record = writes[number].record
            assert (record.start_x, record.start_y, record.step, record.width_log2) == (
                segment.start_x, segment.start_y, segment.step, segment.width_log2)
            assert number == 0 or writes[number].before_x == segment.start_x - 1
        assert all(writes[number].before_x == (1 << 24) - 1
                   for number in range(len(table.segments), 64))


def spoilt(generator, table: CompandingTable) -> tuple[bytes, int]:
    """The table with something changed, for better or for worse."""
    words, bits = words_of(table_to_window(table)), table.output_bits
    used = len(table.segments)
    at = int(generator.integers(used))
    match generator.integers(8):
        case 0:
            words[at] += int(generator.integers(1, 70))
        case 1:
            words[at] -= min(words[at] & 0x1FFFF, int(generator.integers(1, 70)))
        case 2:
            words[at] ^= 1 << int(generator.integers(17, 24))
        case 3:
            words[at] ^= 1 << int(generator.integers(24, 32))
        case 4:
            words[at] |= 0xFF000000
        case 5:
            bits = int(generator.integers(32))
        case 6:
            words[at] &= 0xFF000000
        case 7 if used < 64:
            words[used] = int(generator.integers(1 << 32))
    return window_of(words), bits


def at_the_limits() -> list[tuple[bytes, int]]:
    """Tables on either side of every limit, whatever else holds."""
    def window(widths, steps):
        words = [width << 24 | step for width, step in zip(widths, steps, strict=True)]
        return window_of(words + [0xFF000000] * (64 - len(words)))

    halves, sixteenths = (23, 23), (20,) * 16
    return [
        *((window(halves, (2048, 2048 - missing)), 12) for missing in (-1, 0, 63, 64, 127, 128)),
        *((window(sixteenths, (1 << bits - 4,) * 16), bits) for bits in (11, 12, 20)),
        (window((*sixteenths[1:], 19, 19), ((1 << 21) // 17,) * 17), 21),
        (window((*halves, 0), (2000, 2000, 96)), 12),
        (window((23, *reversed(range(23)), 0), (1960, *[89] * 24)), 12),
        (window((23, 24), (2048, 2048)), 12),
        (window((24,), (4096,)), 12),
        (window((55, 23), (2048, 2048)), 12),
        (window(sixteenths, (131072, *[61166] * 15)), 20),
        (window(sixteenths, (131071, *[61166] * 15)), 20),
        (window(sixteenths, (1 << 23 | 65536, *[65536] * 15)), 20),
        (window(halves, (0, 4096)), 12), (window(halves, (4096, 0)), 12),
        (window((23, 23, 7), (2048, 2048, 0)), 12),
        (window((), ()), 12), (window_of([0xFFFFFFFF] * 64), 12),
        (window([23] * 64, [131071] * 64), 20),
        *((table_to_window(OX03C10), bits) for bits in (0, 28, 31)),
    ]


def test_takes_what_the_model_takes_and_refuses_what_it_refuses(seed):
    dut = TableLoader()
    taken = Taken(dut)
    generator = np.random.default_rng(seed)
    cases = [(table_to_window(table), table.output_bits)
             for table in (*BUILT_IN_TABLES, STEEP, FULL, WIDE)]
    for _ in range(16):
        table = random_table(generator)
        cases += [(table_to_window(table), table.output_bits), spoilt(generator, table)]
    cases += at_the_limits()
    verdicts = []

    async def bench(ctx):
        slot = 6
        for window, bits in cases:
            try:
                table = table_from_window(window, bits)
            except ConfigError:
                table = None
            await write_window(ctx, dut, window)
            before = ctx.get(dut.programmed)
            assert await load(ctx, dut, bits) == (table is not None)
            verdicts.append(table is not None)
            if table is None:
                assert ctx.get(dut.programmed) == before, "the old table stays"
                assert not taken.slots, "nothing was written"
                continue
            slot = 11 - slot
            taken.assert_is(slot, table)
            taken.slots.clear()
            programmed = ctx.get(dut.programmed)
            assert (programmed.is_loaded, 5 + programmed.second, programmed.output_bits) == (
                1, slot, bits)

    simulate(dut, bench, cycles=len(cases) * (256 + LOAD_CYCLES), background=(taken.watch,))
    assert verdicts.count(True) >= 24
    assert verdicts.count(False) >= 20


def test_the_window_shows_every_table_and_keeps_what_was_loaded():
    dut = TableLoader()

    async def bench(ctx):
        for slot, table in enumerate(BUILT_IN_TABLES):
            shown = table_from_window(await read_window(ctx, dut, slot), table.output_bits)
            assert (shown.knots, shown.output_bits) == (table.knots, table.output_bits)
        edited = table_to_window(STEEP)
        # What stands behind the end of the table is of no account, but stays in the edited one.
        littered = edited[:28] + b"\x07\0\0\1" * 57
        await write_window(ctx, dut, littered)
        assert await read_window(ctx, dut, EDITED_PAGE) == littered
        assert await load(ctx, dut, 12)
        assert await read_window(ctx, dut, 5) == edited
        await write_window(ctx, dut, table_to_window(FULL))
        assert await load(ctx, dut, 16)
        await write_window(ctx, dut, bytes(256))
        assert not await load(ctx, dut, 16)
        assert await read_window(ctx, dut, 5) == edited
        assert await read_window(ctx, dut, 6) == table_to_window(FULL)
        assert await read_window(ctx, dut, EDITED_PAGE) == bytes(256)

    simulate(dut, bench, cycles=20_000)


def test_a_word_changes_with_its_last_byte_and_not_while_a_load_is_under_way():
    dut = TableLoader()
    edited = table_to_window(OCTAVES_12)

    async def bench(ctx):
        await write_window(ctx, dut, edited)
        await write_window(ctx, dut, b"\xff\xff\xff")
        assert await read_window(ctx, dut, EDITED_PAGE) == edited
        ctx.set(dut.output_bits, 12)
        ctx.set(dut.in_use, 0b01)
        ctx.set(dut.load, 1)
        await ctx.tick()
        ctx.set(dut.load, 0)
        await write_window(ctx, dut, bytes(256))
        assert await read_window(ctx, dut, EDITED_PAGE) == edited
        assert ctx.get(dut.busy), "the slot is in use"
        assert not ctx.get(dut.programmed.is_loaded)
        ctx.set(dut.in_use, 0b10)
        await ctx.tick().repeat(LOAD_CYCLES)
        assert (ctx.get(dut.busy), ctx.get(dut.programmed.is_loaded)) == (0, 1)
        assert await read_window(ctx, dut, 5) == edited

    simulate(dut, bench, cycles=5_000)


@pytest.mark.parametrize("table", [STEEP, FULL], ids=lambda table: table.name)
def test_a_load_takes_as_long_as_stated(table):
    dut = TableLoader()

    async def bench(ctx):
        for window, expected in ((table_to_window(table), 139), (bytes(256), 69)):
            await write_window(ctx, dut, window)
            ctx.set(dut.output_bits, table.output_bits)
            ctx.set(dut.load, 1)
            await ctx.tick()
            ctx.set(dut.load, 0)
            clocks = 0
            while ctx.get(dut.busy):
                await ctx.tick()
                clocks += 1
            assert clocks == expected

    simulate(dut, bench, cycles=2_000)


class ProgrammableCompander(Elaboratable):
    """Loader and compander, and what each frame was adopted with."""

    def __init__(self, config):
        self.loader, self.compander = TableLoader(), Compander(config)
        self.adopted = Signal(adopted_settings(config))

    def elaborate(self, platform):
        m = Module()
        m.submodules.loader, m.submodules.compander = self.loader, self.compander
        m.d.comb += [
            self.compander.settings.eq(self.adopted),
            self.compander.programmed.eq(self.loader.programmed),
            self.compander.write.eq(self.loader.write),
            self.compander.write_enable.eq(self.loader.write_enable),
            self.loader.in_use.eq(self.compander.in_use),
        ]
        return m


class Frames:
    """Frames in flight one behind the other: each is adopted two before its pixels come."""

    def __init__(self, config, dut, generator, pattern=FULL_RATE):
        self.config, self.dut, self.pattern = config, dut, pattern
        self.generator = generator
        self.loaded: CompandingTable | None = None
        self.taken: dict[int, tuple[dict, CompandingTable | None]] = {}
        self.values: dict[int, np.ndarray] = {}

    async def run(self, ctx, choices):
        for frame in range(len(choices) + 2):
            if frame < len(choices):
                await self._adopt(ctx, frame, *choices[frame])
            await ctx.tick().repeat(3)
            if frame >= 2:
                await self._send(ctx, frame - 2)
        await ctx.tick().repeat(self.dut.compander.latency_cycles)

    async def _adopt(self, ctx, frame, data_format, choice, uncombined=0):
        settings = FrameSettings.defaults(self.config) | {
            "data_format": data_format, "companding_table": choice, "uncombined": uncombined}
        await adopt(ctx, self.dut.adopted, frame, settings)
        self.taken[frame] = settings, self.loaded

    async def _send(self, ctx, frame):
        lanes = self.config.lanes
        values = np.unique((2.0 ** self.generator.uniform(0, 24, 120)).astype(np.int64))
        values = values[:len(values) // lanes * lanes]
        self.values[frame] = values
        await stream_put(ctx, self.dut.compander.i, [LinearPixels(lanes).const({
            "values": values[start:start + lanes].tolist(), "tag": {"frame": frame},
            "line_last": start + lanes == len(values)})
            for start in range(0, len(values), lanes)], self.pattern)


@pytest.mark.parametrize("kind", ["full", "bubbles"])
def test_every_frame_has_one_whole_table_however_often_the_host_loads(kind, seed):
    config = preset("tiny").with_(lanes=2)
    dut, generator = ProgrammableCompander(config), np.random.default_rng(seed)
    pattern = TrafficPattern.random(seed) if kind == "bubbles" else FULL_RATE
    frames, beats = Frames(config, dut, generator, pattern), []
    # Short tables, so that the host is ready for the next one while the last but one is in use.
    tables = [CompandingTable(name=str(step), output_bits=12, widths_log2=(23, 22, 22),
                              steps=(step, 90, 4005 - step)) for step in range(500, 3500, 500)]

    async def host(ctx):
        for table in tables:
            await write_window(ctx, dut.loader, table_to_window(table)[:4 * 4])
            assert await load(ctx, dut.loader, 12)
            frames.loaded = table

    async def pixels(ctx):
        await frames.run(ctx, [(DataFormat.RAW12, 2)] * 40)

    async def sink(ctx):
        await collect_beats(ctx, dut.compander.o, beats)

    simulate(dut, host, pixels, cycles=30_000, background=(sink,))
    seen = set()
    for beat, codes in rows_of(beats):
        settings, table = frames.taken[beat.tag.frame]
        seen.add(id(table))
        values = frames.values[beat.tag.frame]
        assert codes == compand_frame(values, settings, table).tolist(), beat.tag.frame
    assert len(rows_of(beats)) == 40
    assert seen == {id(None), *(id(table) for table in tables)}


def test_the_programmed_table_serves_formats_of_its_bits_and_no_others():
    config = preset("tiny").with_(lanes=4)
    dut, generator = ProgrammableCompander(config), np.random.default_rng(5)
    frames, beats = Frames(config, dut, generator), []
    choices = [(data_format, choice) for choice in (2, 1, 0) for data_format in DataFormat]
    choices += [(DataFormat.RAW16, 2, 1)]

    async def bench(ctx):
        await write_window(ctx, dut.loader, table_to_window(FULL))
        assert await load(ctx, dut.loader, FULL.output_bits)
        frames.loaded = FULL
        await frames.run(ctx, choices)

    async def sink(ctx):
        await collect_beats(ctx, dut.compander.o, beats)

    simulate(dut, bench, cycles=20_000, background=(sink,))
    for (beat, codes), (data_format, _, *uncombined) in zip(rows_of(beats), choices, strict=True):
        settings, table = frames.taken[beat.tag.frame]
        if uncombined:
            continue
        values = frames.values[beat.tag.frame]
        assert codes == compand_frame(values, settings, table).tolist()
        assert (table_of(settings, table) is FULL) == (
            settings["companding_table"] == 2 and data_format == DataFormat.RAW16)


@pytest.mark.parametrize("choice, expected", [
    ((DataFormat.RAW12, 0), 0), ((DataFormat.RAW8, 1), 1), ((DataFormat.RAW10, 2), 0),
    ((DataFormat.RAW14, 2), 2), ((DataFormat.RAW16, 2), 5), ((DataFormat.RAW20, 1), 4),
    ((DataFormat.RAW24, 2), 7), ((DataFormat.RAW16, 2, 1), 7)])
def test_the_slot_in_force_is_told_for_each_frame(choice, expected):
    dut = Compander(preset("tiny"))
    data_format, table, *uncombined = choice
    settings = FrameSettings.defaults(preset("tiny")) | {
        "data_format": data_format, "companding_table": table, "uncombined": bool(uncombined)}
    assert slot_of(settings, FULL) == expected

    async def bench(ctx):
        ctx.set(dut.programmed, {"is_loaded": 1, "second": 0, "output_bits": 16})
        await adopt(ctx, dut.settings, 2, settings)
        await ctx.tick()
        assert ctx.get(dut.slots[2]) == expected
        assert ctx.get(dut.in_use) == (expected == 5)

    simulate(dut, bench, cycles=20)


def test_a_random_table_fits_its_rules(seed):
    generator = np.random.default_rng(seed)
    for _ in range(50):
        table = random_table(generator)
        assert (compand([(1 << 24) - 1], table) < 1 << table.output_bits).all()
