# SPDX-License-Identifier: Apache-2.0
"""The whole picture on a small screen: pixels and packets in, symbols out, against the model."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from amaranth import *
from amaranth.lib.wiring import connect

from support import expect_rejected, simulate
from tapetum.config import Csi2Config
from tapetum.presets import preset
from tapetum_boards.memory.memory_share import MemoryShare
from tapetum_boards.models.picture import PictureModel, ShownState
from tapetum_boards.picture.font import CAPTION_CHARACTERS, caption_bytes, text_memory
from tapetum_boards.picture.layout import PICTURE_MODES, PictureLayout, Plane
from tapetum_boards.picture.picture import MEMORY_CLIENTS, Picture
from tapetum_boards.picture.video_timing import VGA_60HZ
from tapetum_boards.simulation.dvi_decoder import decode_screens
from tapetum_sim.models.csi2 import long_packet, pack_marks, pack_row, short_packet
from tapetum_sim.models.verdict import verdict_bytes, verdict_packets

TIMING = replace(VGA_60HZ, columns=96, column_front_porch=4, column_sync=6, column_back_porch=6,
                 rows=96, row_front_porch=1, row_sync=2, row_back_porch=2)
TINY = preset("tiny")
CONFIG = replace(TINY, array=replace(TINY.array, columns=16, rows=8))
COLUMNS, ROWS = 16, 8
ADDRESS_BITS = 14
SCREEN = TIMING.total_columns * TIMING.total_rows
TYPES = {8: 0x2A, 10: 0x2B, 12: 0x2C, 14: 0x2D, 16: 0x2E, 20: 0x2F, 24: 0x27}


class Bench(Elaboratable):
    """A picture, its memory as a dictionary, and a recording of its symbols."""

    def __init__(self, seed):
        self.dut = Picture(CONFIG, TIMING, ADDRESS_BITS)
        self.share = MemoryShare(ADDRESS_BITS, len(MEMORY_CLIENTS))
        self.generator, self.memory, self.symbols = Random(seed), {}, []
        self.lost = False

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut, m.submodules.share = self.dut, self.share
        for port, client in zip(self.dut.memory, self.share.clients, strict=True):
            connect(m, port, client)
        return m

    async def serve(self, ctx):
        port = self.share.memory
        while True:
            await ctx.tick().until(port.request)
            address, write = ctx.get(port.address), ctx.get(port.write)
            await ctx.tick().repeat(1 + self.generator.randrange(4))
            ctx.set(port.taken, 1)
            await ctx.tick()
            ctx.set(port.taken, 0)
            await ctx.tick().repeat(1 if write else 6)
            kept, words = self.memory.get(address, [0x5555] * 8), []
            for place in range(8):
                ctx.set(port.moved, 1)
                ctx.set(port.done, place == 7)
                ctx.set(port.word_out, kept[place])
                words.append(ctx.get(port.word_in))
                await ctx.tick()
            ctx.set(port.moved, 0)
            ctx.set(port.done, 0)
            if write:
                self.memory[address] = words

    async def record(self, ctx):
        symbols = self.dut.symbols
        async for _, _, *three in ctx.tick("pixel").sample(*(symbols[n] for n in range(3))):
            self.symbols.append(three)

    async def watch(self, ctx):
        async for _, _, lost in ctx.tick().sample(self.dut.lost):
            self.lost |= bool(lost)

    async def send(self, ctx, packets):
        dut = self.dut
        for packet in packets:
            for first in range(0, len(packet), 2):
                ctx.set(dut.packets.bytes[0], packet[first])
                ctx.set(dut.packets.bytes[1], packet[first + 1])
                ctx.set(dut.packets.first, first == 0)
                ctx.set(dut.packets.last, first + 2 >= len(packet))
                ctx.set(dut.strobe, 1)
                await ctx.tick("byte")
                if self.generator.random() < 0.2:
                    ctx.set(dut.strobe, 0)
                    await ctx.tick("byte")
            ctx.set(dut.strobe, 0)
            await ctx.tick("byte").repeat(4)

    async def convert(self, ctx, codes):
        """Captures x rows x columns, row by row."""
        stream = self.dut.codes
        for row in range(ROWS):
            for capture, rows in enumerate(codes):
                for column, code in enumerate(rows[row]):
                    last = column == COLUMNS - 1
                    ctx.set(stream.valid, 1)
                    ctx.set(stream.payload.codes[0], int(code))
                    ctx.set(stream.payload.tag.capture, capture)
                    ctx.set(stream.payload.line_last, last)
                    ctx.set(stream.payload.frame_last, last and row == ROWS - 1)
                    await ctx.tick()
                ctx.set(stream.valid, 0)
                await ctx.tick().repeat(6)

    async def screen(self, ctx):
        """What a monitor shows of what is set now."""
        # What leaves right after a reset is none of the picture's yet.
        begin = max(len(self.symbols), 8)
        await ctx.tick("pixel").repeat(2 * SCREEN + 10)
        return decode_screens(np.array(self.symbols[begin:]), TIMING)[0]

    def run(self, *testbenches):
        simulate(self, *testbenches, cycles=60 * SCREEN, background=(
            self.serve, self.record, self.watch), stream_domains={},
            domains={"sync": 75e6, "pixel": 25e6, "byte": 25e6})
        assert not self.lost


def frame_packets(pixels, bits, marks=None):
    packets = [short_packet(0, 0, 1), long_packet(0, 0x12, bytes(COLUMNS))]
    if marks is not None:
        packets.insert(1, short_packet(1, 0, 1))
    for row in range(ROWS):
        packets.append(long_packet(0, TYPES[bits], pack_row(pixels[row], bits)))
        if marks is not None:
            packets.append(long_packet(1, 0x30, pack_marks(marks[row])))
    if marks is not None:
        packets.append(short_packet(1, 1, 1))
    return [*packets, short_packet(0, 1, 1)]


def split_packets(content):
    """Frame start, verdict, frame end."""
    return [content[:4], content[4:-4], content[-4:]]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("mode", PICTURE_MODES)
def test_every_mode_shows_what_the_model_shows(mode, seed):
    bench, numbers = Bench(seed), np.random.default_rng(seed)
    layout = PictureLayout(array=CONFIG.array, timing=TIMING)
    model = PictureModel(CONFIG, layout)
    pixels = numbers.integers(1 << 12, size=(ROWS, COLUMNS))
    marks = numbers.random((ROWS, COLUMNS)) < 0.3
    codes = numbers.integers(1 << bench.dut.code_bits, size=(4, ROWS, COLUMNS))
    scores = [int(score) for score in numbers.integers(-128, 128, 16)]
    number = int(np.argmax(scores))
    content = verdict_packets(0, verdict_bytes(
        frame=0, flags=("valid",), model_id=1, cycles=5, region=(0, 0, COLUMNS, ROWS),
        scores=scores))

    async def monitor(ctx):
        dut = bench.dut
        ctx.set(dut.mode, mode)
        empty = await bench.screen(ctx)
        assert (empty == model.screen(None, None, None, ShownState(mode=mode))).all()
        ctx.set(dut.capture, 2)
        # A frame more than there are buffers; the last one is shown.
        for turn in range(4, -1, -1):
            await bench.send(ctx, frame_packets((pixels + turn) % 4096, 12, marks))
        await bench.send(ctx, split_packets(content))
        await bench.convert(ctx, codes)
        ctx.set(dut.fault, 1)
        shown = await bench.screen(ctx)
        state = ShownState(mode=mode, capture=2, class_number=number, score=scores[number],
                           marked=True, fault=True)
        expected = model.screen(model.of_capture(codes[2], bench.dut.code_bits),
                                model.of_link(pixels, 12), marks, state)
        assert np.argwhere((shown != expected).any(-1)).tolist() == []

    bench.run(monitor)


@pytest.mark.parametrize("bits", TYPES)
def test_every_format_of_the_link_is_understood(bits, seed):
    bench, numbers = Bench(seed), np.random.default_rng(seed)
    layout = PictureLayout(array=CONFIG.array, timing=TIMING)
    model = PictureModel(CONFIG, layout)
    pixels = numbers.integers(1 << max(bits, 12), size=(ROWS, COLUMNS))

    async def send(ctx):
        await ctx.tick().repeat(20)
        await bench.send(ctx, frame_packets(pixels, bits))
        await ctx.tick().repeat(600)

    bench.run(send)
    first = layout.burst(Plane.COMBINED, 0, ADDRESS_BITS)
    found = [byte for place in range(ROWS) for word in bench.memory[first + place]
             for byte in divmod(word, 256)]
    expected = model.of_link(pixels >> max(12 - bits, 0), bits)
    assert np.array_equal(np.array(found).reshape(ROWS, COLUMNS), expected)


def test_a_caption_and_a_curve_can_be_replaced(seed):
    bench = Bench(seed)
    layout = PictureLayout(array=CONFIG.array, timing=TIMING)
    text = bytearray(text_memory(CONFIG))
    place = 20 * CAPTION_CHARACTERS
    text[place:place + CAPTION_CHARACTERS] = caption_bytes("x7")
    pixels = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) << 4

    async def host(ctx):
        tables = bench.dut.tables

        async def write(table, address, byte):
            ctx.set(tables.address, address)
            ctx.set(tables.data, byte)
            ctx.set(getattr(tables, table), 1)
            await ctx.tick()
            ctx.set(getattr(tables, table), 0)

        for number, letter in enumerate(caption_bytes("X7")):
            await write("text", place + number, letter)
        for code in range(4096):
            await write("combined_curve", code, 255 - code // 16)
        await bench.send(ctx, frame_packets(pixels, 12))
        shown = await bench.screen(ctx)
        expected = PictureModel(CONFIG, layout, bytes(text)).screen(
            None, (255 - (pixels >> 4)).astype(np.uint8), None,
            ShownState(mode=PICTURE_MODES.SPLIT))
        assert (shown == expected).all()

    bench.run(host)


def test_rejects_what_does_not_fit():
    with expect_rejected("do not fit a screen of 96x96"):
        PictureLayout(array=replace(CONFIG.array, columns=64), timing=TIMING)
    with expect_rejected("multiple of 16"):
        PictureLayout(array=replace(CONFIG.array, columns=24), timing=TIMING)
    with expect_rejected("2 lanes"):
        Picture(replace(CONFIG, csi2=Csi2Config(byte_lanes=1, byte_clock_hz=25e6)), TIMING, 14)
    with expect_rejected("must not exceed 37.5 MHz"):
        Picture(replace(CONFIG, csi2=Csi2Config(byte_clock_hz=50e6)), TIMING, 14)
