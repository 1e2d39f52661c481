# SPDX-License-Identifier: Apache-2.0
"""Rows of small dies, with what corrections are there for, and stages that they run through."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import numpy as np

from support import Traffic, simulate
from support.drivers import stream_put
from support.rows import ROW_GAP_CYCLES, Row, collect_beats, rows_of
from support.traffic import FULL_RATE
from tapetum.config import AdcConfig, ColourFilter, HdrConfig, PixelArrayConfig
from tapetum.pixel import RowKind, corrected_bits
from tapetum.presets import preset
from tapetum_sim.models.row import ModelRow

__all__ = ["CAPTURE_PERIOD_CYCLES", "compare", "frame_rows", "random_codes", "run_stage",
           "small_config", "stage_rows"]

CAPTURE_PERIOD_CYCLES = 64
"""The rows of a capture begin at least so far apart: `TimingConfig` has no shorter lines."""


def small_config(*, captures=4, lanes=1, bits=10, fraction_bits=2, columns=24, black_rows=4,
                 black_columns=8, test_rows=2, mono=False):
    tiny = preset("tiny")
    return tiny.with_(
        captures=tiny.captures[:captures], lanes=lanes,
        adc=AdcConfig(bits=bits, reset_counts=256),
        adc_clock_hz=100e6 * 2 ** max(0, bits - 10),
        array=PixelArrayConfig(columns=columns, rows=2, optical_black_rows=black_rows,
                               optical_black_columns=black_columns, test_rows=test_rows,
                               colour_filter=ColourFilter.MONO if mono else ColourFilter.RGGB),
        hdr=HdrConfig(line_buffer_lag_lines=4, fraction_bits=fraction_bits))


def frame_rows(config, frame: int, active_rows: int = 2) -> Iterator[tuple[RowKind, int, int]]:
    """(kind, row, capture) of a frame, captures interleaved."""
    kinds = [(RowKind.TEST, config.array.test_rows),
             (RowKind.OPTICAL_BLACK, config.array.optical_black_rows),
             (RowKind.ACTIVE, active_rows)]
    for kind, count in kinds:
        for row in range(count):
            for capture in range(len(config.captures)):
                yield kind, row, capture


def random_codes(config, generator, kind: RowKind, row: int, pattern) -> np.ndarray:
    """ADC codes of a row with the columns' errors, row noise and a few extremes."""
    adc, count = config.adc, config.array.total_columns
    offset, gain = pattern
    level = {RowKind.TEST: adc.full_well_codes * (3 if row % 2 else 1) // 4,
             RowKind.OPTICAL_BLACK: 3,
             RowKind.ACTIVE: generator.integers(0, adc.signal_counts)}[kind]
    noise = generator.normal(0, 1.5, count) + generator.normal(0, 4)
    codes = np.rint(adc.pedestal_codes + level * gain + offset + noise).astype(np.int64)
    if kind is RowKind.ACTIVE:
        wild = generator.random(count) < 0.2
        codes[wild] = generator.choice([0, 1, adc.maximum_code - 1, adc.maximum_code],
                                       int(wild.sum()))
    return np.clip(codes, 0, adc.maximum_code)


def stage_rows(config, generator, *, frames: int, corrected: bool = False,
               active_rows: int = 2) -> list[ModelRow]:
    """Random frames: ADC codes, or corrected ones (``fraction_bits`` more)."""
    count = config.array.total_columns
    patterns = [(generator.normal(0, config.adc.signal_counts / 200, count),
                 1 + generator.normal(0, 0.01, count)) for _ in config.captures]
    # One column is stuck, one far off, in every kind of place.
    for column in (2, config.array.optical_black_columns + 3):
        patterns[0][0][column] = config.adc.signal_counts
    patterns[-1][1][config.array.optical_black_columns + 5] = 0
    rows = []
    for frame in range(frames):
        for kind, row, capture in frame_rows(config, frame, active_rows):
            codes = random_codes(config, generator, kind, row, patterns[capture])
            if corrected:
                scale = 1 << config.hdr.fraction_bits
                fraction = generator.integers(0, scale, count)
                full = codes == config.adc.maximum_code
                codes = np.where(full, (1 << corrected_bits(config)) - 1, codes * scale + fraction)
            rows.append(ModelRow(
                frame=frame, capture=capture, kind=kind, row=row, array_row=row,
                frame_last=kind is RowKind.ACTIVE and row == active_rows - 1, codes=codes,
                columns=np.arange(count),
                optical_black=np.arange(count) < config.array.optical_black_columns))
    return rows


def run_stage(dut, config, rows: list[ModelRow], traffic: Traffic | None = None, *,
              before: Callable[[Any, int], None] | None = None, restart=None, seed: int = 0,
              prepare: Callable[[Any], Awaitable[None]] | None = None,
              background=(), **ports: int) -> list[tuple[Any, list[int]]]:
    """Feed the rows through a stage; returns those that left.

    ``ports`` are set once, then ``prepare(ctx)`` acts; ``before(ctx, index)`` sets others ahead of
    each row, ``restart`` is a port and whether it is strobed ahead of each row.
    """
    beats: list[Any] = []
    random = np.random.default_rng(seed)

    async def source(ctx):
        pattern = traffic.put if traffic else FULL_RATE
        for name, value in ports.items():
            ctx.set(getattr(dut, name), value)
        if prepare:
            await prepare(ctx)
        for index, row in enumerate(rows):
            if restart and restart[1][index]:
                ctx.set(restart[0], 1)
                await ctx.tick()
                ctx.set(restart[0], 0)
            if before:
                before(ctx, index)
            sent = Row(codes=row.codes.tolist(), frame=row.frame, row=row.row,
                       capture=row.capture, kind=row.kind, frame_last=row.frame_last,
                       optical_black_columns=config.array.optical_black_columns)
            await stream_put(ctx, dut.i, sent.beats(dut.i.payload.shape()), pattern)
            alone = len(config.captures) == 1
            missing = CAPTURE_PERIOD_CYCLES - row.codes.size // config.lanes if alone else 0
            await ctx.tick().repeat(max(ROW_GAP_CYCLES, missing) + int(random.choice([0, 0, 3])))
        await ctx.tick().repeat(100)

    async def sink(ctx):
        await collect_beats(ctx, dut.o, beats)

    simulate(dut, source, cycles=400_000, background=(sink, *background))
    return rows_of(beats, "codes")


def compare(received, expected: list[ModelRow]) -> None:
    """Every row that left is the model's, in order, tag and flags included."""
    assert len(received) == len(expected)
    for (beat, codes), row in zip(received, expected, strict=True):
        tag = beat.tag
        place = f"frame {row.frame}, capture {row.capture}, {row.kind.name} row {row.row}"
        assert (tag.frame, tag.capture, tag.row_kind, tag.row, tag.array_row) == (
            row.frame, row.capture, row.kind, row.row, row.array_row), place
        assert beat.frame_last == row.frame_last, place
        assert codes == row.codes.tolist(), place
