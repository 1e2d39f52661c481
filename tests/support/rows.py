# SPDX-License-Identifier: Apache-2.0
"""Rows of pixels as a sensor delivers them: beats, gaps, the order of lagged captures."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tapetum.config import DieConfig
from tapetum.pixel import CodePixels, RowKind

from .drivers import stream_put
from .traffic import FULL_RATE, TrafficPattern

__all__ = ["ROW_GAP_CYCLES", "Row", "arrival_order", "collect_beats", "feed_rows", "rows_of"]

ROW_GAP_CYCLES = 12
"""Rows are at least this far apart: `tapetum.row_timing.READ_OVERHEAD_CYCLES`."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of one capture; ``codes`` from left to right, shielded columns first."""

    codes: Sequence[int]
    frame: int = 0
    row: int = 0
    capture: int = 0
    kind: RowKind = RowKind.ACTIVE
    frame_last: bool = False
    optical_black_columns: int = 0

    def beats(self, shape: CodePixels) -> Iterator[Any]:
        """The row as payloads of ``shape``."""
        lanes, count = shape.lanes, len(self.codes)
        for start in range(0, count, lanes):
            yield shape.const({
                "codes": [int(code) for code in self.codes[start:start + lanes]],
                "optical_black": start < self.optical_black_columns,
                "line_last": start + lanes >= count,
                "frame_last": self.frame_last,
                "tag": {"frame": self.frame, "row": self.row, "array_row": self.row,
                        "capture": self.capture, "row_kind": self.kind},
            })


def arrival_order(config: DieConfig, *, frames: int, rows: int, frame_length_lines: int,
                  lag_lines: Sequence[int], masks: Sequence[int],
                  first_frame: int = 0) -> list[tuple[int, int, int]]:
    """(frame, row, capture) as a rolling shutter reads them, lagged captures interleaved."""
    reading = [capture for group in config.exposure_groups for capture in group.captures]
    arrivals = []
    for index in range(frames):
        for position, capture in enumerate(reading):
            if masks[index] >> capture & 1:
                arrivals += [(index * frame_length_lines + row + lag_lines[capture], position,
                              (first_frame + index, row, capture)) for row in range(rows)]
    return [arrival for _, _, arrival in sorted(arrivals)]


async def feed_rows(ctx, stream, rows: Iterable[Row], pattern: TrafficPattern = FULL_RATE, *,
                    seed: int = 0) -> None:
    """Send rows, with gaps of 12 clocks or a little more between them."""
    random = Random(seed)
    for row in rows:
        await stream_put(ctx, stream, row.beats(stream.payload.shape()), pattern)
        await ctx.tick().repeat(ROW_GAP_CYCLES + random.choice([0, 0, 1, 5]))


async def collect_beats(ctx, stream, beats: list[Any]) -> None:
    """Append every beat of an always ready stream, for ever: a background testbench."""
    async for _, _, valid, payload in ctx.tick().sample(stream.valid, stream.payload):
        if valid:
            beats.append(payload)


def rows_of(beats: Iterable[Any], field: str = "values") -> list[tuple[Any, list[int]]]:
    """(last beat, pixels) of each row, in order."""
    rows, pixels = [], []
    for beat in beats:
        pixels += list(getattr(beat, field))
        if beat.line_last:
            rows.append((beat, pixels))
            pixels = []
    return rows
