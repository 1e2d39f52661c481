# SPDX-License-Identifier: Apache-2.0
"""Rows of interleaved captures for the defect correction, when a die reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from support import FULL_RATE, TrafficPattern, simulate
from tapetum.config import ColourFilter, CorrectConfig, DieConfig, HdrConfig, PixelArrayConfig
from tapetum.control.frame_settings import Skip
from tapetum.correct.defects.defect_correction import DefectCorrection
from tapetum.pixel import RowKind
from tapetum.presets import preset
from tapetum_sim.models.adc import output_columns
from tapetum_sim.models.defects import DefectsModel, KnownDefect
from tapetum_sim.models.row import ModelRow

__all__ = ["DefectRun", "FramePlan", "expected_rows", "frame_rows", "run_defects", "small_config"]

GAP_CYCLES = 12


def small_config(*, captures: int = 4, lanes: int = 1, columns: int = 16, rows: int = 12,
                 bits: int = 10, fraction_bits: int = 2, mono: bool = False) -> DieConfig:
    """A die whose rows are as short as they may be."""
    tiny = preset("tiny")
    return tiny.with_(
        captures=tiny.captures[:captures], lanes=lanes,
        adc=type(tiny.adc)(bits=bits, reset_counts=64), adc_clock_hz=4e9,
        array=PixelArrayConfig(columns=columns, rows=rows, optical_black_rows=4,
                               colour_filter=ColourFilter.MONO if mono else ColourFilter.RGGB),
        correct=CorrectConfig(defect_list_entries=64),
        hdr=HdrConfig(line_buffer_lag_lines=4, fraction_bits=fraction_bits))


@dataclass(frozen=True, kw_only=True)
class FramePlan:
    """How one frame is read; captures outside ``mask`` do not come."""

    column_start: int = 0
    column_end: int | None = None
    column_skip: int = 0
    flip_columns: bool = False
    row_start: int = 0
    row_end: int | None = None
    row_skip: int = 0
    flip_rows: bool = False
    mask: int = 0b1111
    dynamic: bool = True
    listed: bool = True
    line_length_cycles: int = 400

    def columns(self, config: DieConfig) -> np.ndarray:
        """Physical columns in order of output, shielded ones left out."""
        chosen = output_columns(config, column_start=self.column_start, column_end=self.column_end,
                                column_skip=self.column_skip, flip_columns=self.flip_columns)
        return chosen[config.array.optical_black_columns:]

    def rows(self, config: DieConfig) -> np.ndarray:
        """Array rows in order of output; skipping keeps pairs."""
        last = config.array.rows - 1 if self.row_end is None else self.row_end
        rows = np.arange(self.row_start, last + 1)
        rows = rows[((rows - self.row_start) // 2) % (1 << self.row_skip) == 0]
        return rows[::-1] if self.flip_rows else rows

    def region(self, config: DieConfig) -> dict[str, Any]:
        last = config.array.columns - 1 if self.column_end is None else self.column_end
        return {"column_start": self.column_start, "column_end": last,
                "column_skip": Skip(self.column_skip), "flip_columns": self.flip_columns}


@dataclass
class DefectRun:
    """What left: (clock of the first beat, clock of the last, last beat, codes) of each row.

    ``came`` holds the clock of the first beat of each row at the input, by (frame, capture, row).
    """

    came: dict[tuple[int, int, int], int] = field(default_factory=dict)
    rows: list[tuple[int, int, Any, list[int]]] = field(default_factory=list)
    corrected: list[int] = field(default_factory=list)
    collisions: int = 0
    missed: int = 0
    invalid: bool = False

    def of(self, capture: int) -> list[tuple[Any, list[int]]]:
        return [(beat, codes) for _, _, beat, codes in self.rows if beat.tag.capture == capture]


def frame_rows(config: DieConfig, plan: FramePlan, frame: int, codes: Any) -> list[ModelRow]:
    """Rows of the plan's captures, line by line; ``codes[capture]`` is the whole array."""
    columns, rows = plan.columns(config), plan.rows(config)
    black = config.array.optical_black_columns
    return [ModelRow(frame=frame, capture=capture, kind=RowKind.ACTIVE, row=index,
                     array_row=int(array_row), frame_last=index == len(rows) - 1,
                     codes=np.asarray(codes[capture], np.int64)[array_row, columns - black],
                     columns=columns, optical_black=np.zeros(len(columns), bool))
            for index, array_row in enumerate(rows)
            for capture in range(len(config.captures)) if plan.mask >> capture & 1]


def expected_rows(model: DefectsModel, rows: Sequence[ModelRow],
                  plans: Mapping[int, FramePlan]) -> dict[int, list[ModelRow]]:
    """The model's rows by capture."""
    left: dict[int, list[ModelRow]] = {}
    for row in rows:
        plan = plans[row.frame]
        for leaving in model.row(row, dynamic=plan.dynamic, listed=plan.listed):
            left.setdefault(leaving.capture, []).append(leaving)
    return left


def run_defects(config: DieConfig, timed: Sequence[tuple[int, ModelRow]],
                plans: Mapping[int, FramePlan], *, known: Sequence[KnownDefect] = (),
                thresholds: Mapping[str, np.ndarray] | None = None,
                pattern: TrafficPattern = FULL_RATE, settle: int = 300) -> DefectRun:
    """Send rows, each not before its clock, and collect what leaves."""
    dut, run, lanes = DefectCorrection(config), DefectRun(), config.lanes
    clock = 0

    async def source(ctx):
        nonlocal clock
        permits = iter(pattern)
        await _load(ctx, dut, known, thresholds)
        clock = 0
        for start, row in timed:
            assert clock <= start, "the plan leaves no time for its rows"
            await ctx.tick().repeat(start - clock) if start > clock else None
            for first in range(0, len(row.codes), lanes):
                while not next(permits):
                    ctx.set(dut.i.valid, 0)
                    await ctx.tick()
                last = first + lanes >= len(row.codes)
                ctx.set(dut.i.payload, {
                    "codes": row.codes[first:first + lanes].tolist(), "optical_black": 0,
                    "line_last": last, "frame_last": last and row.frame_last,
                    "tag": {"frame": row.frame, "row": row.row, "array_row": row.array_row,
                            "capture": row.capture, "row_kind": RowKind.ACTIVE}})
                ctx.set(dut.i.valid, 1)
                await ctx.tick()
            ctx.set(dut.i.valid, 0)
            await ctx.tick().repeat(GAP_CYCLES)
        await ctx.tick().repeat(settle)
        run.corrected.extend(ctx.get(dut.corrected))
        run.invalid = bool(ctx.get(dut.list_invalid))

    async def settings(ctx):
        async for _, _, frame in ctx.tick().sample(dut.frame):
            plan = plans.get(frame, FramePlan())
            ctx.set(dut.region, plan.region(config))
            ctx.set(dut.line_length_cycles, plan.line_length_cycles)
            ctx.set(dut.defects_dynamic, plan.dynamic)
            ctx.set(dut.defects_listed, plan.listed)

    async def sink(ctx):
        nonlocal clock
        began, codes = 0, []
        async for _, _, comes, tag, valid, beat, collision, missed in ctx.tick().sample(
                dut.i.valid, dut.i.payload.tag, dut.o.valid, dut.o.payload, dut.collision,
                dut.list_missed):
            clock += 1
            if comes:
                run.came.setdefault((tag.frame, tag.capture, tag.row), clock)
            run.collisions += collision
            run.missed += missed
            if valid:
                began = began if codes else clock
                codes += list(beat.codes)
                if beat.line_last:
                    run.rows.append((began, clock, beat, codes))
                    codes = []

    simulate(dut, source, cycles=2_000_000, background=(settings, sink))
    return run


async def _load(ctx, dut, known, thresholds) -> None:
    if thresholds is not None:
        ctx.set(dut.threshold_write_enable, 1)
        for capture in range(len(dut.config.captures)):
            for level in range(thresholds["defect"].shape[1]):
                ctx.set(dut.threshold_write, {
                    "capture": capture, "level": level, "thresholds": {
                        name: int(table[capture, level]) for name, table in thresholds.items()}})
                await ctx.tick()
        ctx.set(dut.threshold_write_enable, 0)
    for index, entry in enumerate(known[:dut.config.correct.defect_list_entries]):
        ctx.set(dut.list_index, index)
        ctx.set(dut.list_entry, {"row": entry.row, "column": entry.column,
                                 "photodiodes": entry.photodiodes})
        ctx.set(dut.list_write_enable, 1)
        await ctx.tick()
    ctx.set(dut.list_write_enable, 0)
    ctx.set(dut.list_entries, len(known))
    await ctx.tick().repeat(5 * len(known) + dut.config.array.rows + 10)
