# SPDX-License-Identifier: Apache-2.0
"""Frames into the room, words and events out of it."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np

from support import FULL_RATE, simulate, stream_put
from support.adoption import adopt_all
from support.rows import ROW_GAP_CYCLES
from tapetum.config import ColourFilter, HdrConfig, PixelArrayConfig
from tapetum.control.frame_settings import FrameSettings
from tapetum.pixel import LinearPixels
from tapetum.presets import preset
from tapetum.vision.settings import Region
from tapetum.vision.vision import Vision

__all__ = ["Outcome", "Picture", "bright_frame", "random_region", "run_vision", "small_config"]


def small_config(*, lanes=1, columns=24, rows=12, colour_filter=ColourFilter.RGGB):
    tiny = preset("tiny")
    array = PixelArrayConfig(columns=columns, rows=rows, optical_black_rows=4,
                             colour_filter=colour_filter)
    return tiny.with_(lanes=lanes, array=array, hdr=HdrConfig(line_buffer_lag_lines=4))


def bright_frame(generator, rows, columns):
    """Values of all magnitudes, black noise and both ends."""
    values = np.exp2(generator.uniform(0, 24, (rows, columns))).astype(np.int64)
    black = 64 + generator.integers(-40, 40, (rows, columns))
    values = np.where(generator.random((rows, columns)) < 0.2, black, values)
    values = np.where(generator.random((rows, columns)) < 0.02, (1 << 24) - 1, values)
    return np.clip(values, 0, (1 << 24) - 1)


def random_region(generator, config, cell):
    """A region, and a network that is not larger than it."""
    array, numbers = config.array, generator.integers
    starts, sizes, wanted = [], [], []
    for length in (array.columns, array.rows):
        cells = int(numbers(1, length // cell + 1))
        starts.append(cell * int(numbers(0, length // cell - cells + 1)))
        sizes.append(cell * cells)
        wanted.append(int(numbers(1, cells + 1)))
    region = Region(column_start=starts[0], row_start=starts[1], columns=sizes[0], rows=sizes[1])
    return region, wanted[0], wanted[1]


@dataclass(kw_only=True)
class Picture:
    """A frame on its way in; only the rows of ``arrives`` do, by default all."""

    values: np.ndarray
    settings: dict[str, Any]
    number: int = 0
    arrives: list[int] | None = None
    ends: dict[int, int] = field(default_factory=dict)
    """Where a row ends too early."""


@dataclass
class Outcome:
    """What came of it: rows of words, and events in order."""

    rows: list[list[int]] = field(default_factory=list)
    events: list[tuple[str, int]] = field(default_factory=list)
    overflows: list[int] = field(default_factory=list)
    wrong_words: int = 0
    last_pixel: int = 0
    first_word: int = 0


def _beats(picture, row, lanes):
    shape, values = LinearPixels(lanes), picture.values
    count, frame_rows = picture.ends.get(row, values.shape[1]), values.shape[0]
    for start in range(0, count, lanes):
        yield shape.const({
            "values": [int(value) for value in values[row, start:start + lanes]],
            "line_last": start + lanes >= count, "frame_last": row == frame_rows - 1,
            "tag": {"frame": picture.number, "row": row, "array_row": row}})


def run_vision(config, pictures, *, pattern=FULL_RATE, ready=FULL_RATE, vision=None, knots=None,
               row_gap=ROW_GAP_CYCLES, blanking=130, seed=0, cycles=200_000, frame_settings=None,
               inject=0):
    """Send pictures; each picture's settings are there from before its first pixel.

    ``inject`` is that of the memories.
    """
    dut, outcome, random = Vision(config, vision), Outcome(), Random(seed)
    adopted = FrameSettings.defaults(config) | (frame_settings or {})

    async def source(ctx):
        await adopt_all(ctx, dut.adopted, adopted)
        if knots is not None:
            for address, byte in enumerate(b"".join(
                    knot.to_bytes(2, "big", signed=True) for knot in knots)):
                ctx.set(dut.tone.address, address)
                ctx.set(dut.tone.write_data, byte)
                ctx.set(dut.tone.write, 1)
                await ctx.tick()
            ctx.set(dut.tone.write, 0)
        for picture in pictures:
            ctx.set(dut.settings, picture.settings)
            rows = range(picture.values.shape[0]) if picture.arrives is None else picture.arrives
            for row in rows:
                await stream_put(ctx, dut.i, _beats(picture, row, config.lanes), pattern)
                await ctx.tick().repeat(row_gap + random.choice([0, 0, 1, 5]))
            await ctx.tick().repeat(blanking)
        await ctx.tick().repeat(60)

    async def sink(ctx):
        permits, row, clock = iter(ready), [], 0
        while True:
            permit = next(permits)
            ctx.set(dut.o.ready, permit)
            *_, pixel, valid, payload = await ctx.tick().sample(
                dut.i.valid, dut.o.valid, dut.o.payload)
            clock += 1
            if pixel:
                outcome.last_pixel = clock
            if valid and permit:
                outcome.first_word = outcome.first_word or clock
                row.append(payload.word)
                if payload.row_last:
                    outcome.rows.append(row)
                    row = []

    async def watch(ctx):
        ctx.set(dut.memory.inject, inject)
        async for _, _, first, lost, frame, overflow, wrong in ctx.tick().sample(
                dut.frame_first, dut.incomplete, dut.frame, dut.overflow,
                dut.memory.uncorrectable):
            outcome.wrong_words += wrong
            if first:
                outcome.events.append(("first", frame))
            if lost:
                outcome.events.append(("incomplete", frame))
                outcome.overflows.append(overflow)

    simulate(dut, source, cycles=cycles, background=(sink, watch))
    return outcome
