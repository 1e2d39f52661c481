# SPDX-License-Identifier: Apache-2.0
"""Active rows of any region, through the model of a stage and through the stage itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tapetum.config import DieConfig
from tapetum.pixel import RowKind, corrected_bits
from tapetum_sim.models.adc import output_columns
from tapetum_sim.models.row import ModelRow

from .drivers import stream_put
from .rows import ROW_GAP_CYCLES, Row, collect_beats, rows_of
from .simulation import simulate
from .traffic import FULL_RATE, TrafficPattern

__all__ = ["ActiveRow", "draw_codes", "draw_region", "draw_rows", "latency_of", "run_stage"]


@dataclass(frozen=True, kw_only=True)
class ActiveRow:
    """A row for a model, the region it was read with, and the other settings of its frame."""

    model: ModelRow
    region: dict[str, int]
    settings: dict[str, Any] = field(default_factory=dict)


def draw_region(config: DieConfig, generator: np.random.Generator) -> dict[str, int]:
    """A region that the settings guard would let pass."""
    skip = int(generator.integers(0, 3))
    block, columns = 2 << skip, config.array.columns
    pairs = 2 * int(generator.integers(1, columns // (2 * block) + 1))
    needed = (pairs - 1) * block + 2
    start = 2 * int(generator.integers(0, (columns - needed) // 2 + 1))
    longest = min(start + pairs * block, columns)
    end = start + needed - 1 + 2 * int(generator.integers(0, (longest - start - needed) // 2 + 1))
    return {"column_start": start, "column_end": end, "column_skip": skip,
            "flip_columns": int(generator.integers(0, 2))}


def draw_codes(config: DieConfig, generator: np.random.Generator, count: int) -> np.ndarray:
    """Any codes, with those at both ends and around the pedestal more often than others."""
    bits = corrected_bits(config)
    pedestal = config.adc.pedestal_codes << config.hdr.fraction_bits
    full = (1 << bits) - 1
    edges = np.array([0, 1, pedestal - 1, pedestal, pedestal + 1, full // 2, full - 1, full])
    codes = generator.integers(0, full, count, endpoint=True)
    return np.where(generator.random(count) < 0.3, generator.choice(edges, count), codes)


def draw_rows(config: DieConfig, generator: np.random.Generator, count: int,
              settings: Callable[[], dict[str, Any]] = dict) -> list[ActiveRow]:
    """Rows of any capture and address, each with a region and settings of its own."""
    rows = []
    for index in range(count):
        region = draw_region(config, generator)
        columns = _columns(config, region)
        rows.append(ActiveRow(
            region=region, settings=settings(),
            model=ModelRow(
                frame=index, capture=int(generator.integers(0, len(config.captures))),
                kind=RowKind.ACTIVE, row=index, frame_last=bool(generator.integers(0, 2)),
                array_row=int(generator.integers(0, config.array.rows)),
                codes=draw_codes(config, generator, len(columns)), columns=columns,
                optical_black=np.zeros(len(columns), bool))))
    return rows


def run_stage(dut, rows: Sequence[ActiveRow], ports: Sequence[str],
              pattern: TrafficPattern = FULL_RATE,
              prepare: Callable[[Any], Any] | None = None) -> list[tuple[Any, list[int]]]:
    """(last beat, codes) of each row behind ``dut``; its ``tag.row`` is the address.

    Region and settings are set at those of its `ports` that exist, while a row is sent; between
    rows, which are as close as they may be, they are those of another row.
    """
    beats: list[Any] = []

    def drive(ctx, row: ActiveRow) -> None:
        for name, value in (row.region | row.settings).items():
            if name in ports:
                ctx.set(getattr(dut, name), value)

    async def source(ctx):
        if prepare is not None:
            await prepare(ctx)
        for index, row in enumerate(rows):
            drive(ctx, row)
            sent = Row(codes=row.model.codes.tolist(), frame=row.model.frame,
                       row=row.model.array_row, capture=row.model.capture,
                       frame_last=row.model.frame_last)
            await stream_put(ctx, dut.i, sent.beats(dut.i.payload.shape()), pattern)
            drive(ctx, rows[index - 1])
            await ctx.tick().repeat(ROW_GAP_CYCLES)
        await ctx.tick().repeat(dut.latency_cycles)

    async def sink(ctx):
        await collect_beats(ctx, dut.o, beats)

    simulate(dut, source, cycles=200_000, background=(sink,))
    received = rows_of(beats, "codes")
    for row, (beat, _) in zip(rows, received, strict=True):
        tag, model = beat.tag, row.model
        assert (tag.frame, tag.capture, tag.array_row, tag.row_kind, beat.frame_last) == (
            model.frame, model.capture, model.array_row, RowKind.ACTIVE, model.frame_last)
    return received


def latency_of(dut, row: ActiveRow) -> int:
    """Clocks from the first beat at ``i`` to the first one at ``o``."""
    counted = []

    async def source(ctx):
        sent = Row(codes=row.model.codes.tolist())
        ctx.set(dut.i.payload, next(iter(sent.beats(dut.i.payload.shape()))))
        ctx.set(dut.i.valid, 1)
        clocks = 0
        while not ctx.get(dut.o.valid):
            await ctx.tick()
            clocks += 1
        counted.append(clocks)

    simulate(dut, source, cycles=100)
    return counted[0]


def _columns(config: DieConfig, region: dict[str, int]) -> np.ndarray:
    physical = output_columns(config, column_start=region["column_start"],
                              column_end=region["column_end"],
                              column_skip=region["column_skip"],
                              flip_columns=bool(region["flip_columns"]))
    return physical[config.array.optical_black_columns:]
