# SPDX-License-Identifier: Apache-2.0
"""What the order of rows has to respect: who writes and who reads which rows of which map."""

from dataclasses import dataclass

from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Mode

from .array_layer import ArrayMap
from .lower import Lowered
from .timing import (
    addend_wait_cycles,
    latency_cycles,
    row_steps,
    setup_cycles,
    write_cycles,
    write_share,
)

__all__ = ["Reading", "Stage", "Streams"]


@dataclass(frozen=True)
class Reading:
    """One layer's use of one map, row by row of the layer.

    Members
    -------
    needed : list of int
        How many rows of the map must be there.
    first : list of int
        The first row that this or a later row of the layer reads; past the last one, all.
    """

    map: int
    needed: list[int]
    first: list[int]


@dataclass(frozen=True)
class Stage:
    """One layer: its rows, what `timing` knows of them, what it reads and fills.

    Members
    -------
    rows : int
        Commands.
    rows_made : int
        Of the target, by each of them.
    """

    rows: int
    rows_made: int
    steps: int
    latency: int
    setup: int
    addend_wait: int
    write_delay: int
    write_share: float
    readings: list[Reading]
    target: int


@dataclass(frozen=True)
class Streams:
    """All stages and maps.

    Members
    -------
    writers, readers : list of list of int
        Stages by map, in the order of layers.
    rows_at_once : list of int
        Rows of a map that one command reads, or makes.
    in_windows : list of bool
        Three rows are read in one clock, so that rings must be multiples of four.
    rows_under_way : int
        `NpuConfig.rows_under_way`.
    ways : list of int
        Of each stage, clocks from its row to the result, if no row waited for another layer's.
    """

    maps: list[ArrayMap]
    stages: list[Stage]
    writers: list[list[int]]
    readers: list[list[tuple[int, Reading]]]
    rows_at_once: list[int]
    in_windows: list[bool]
    output: int
    rows_under_way: int
    ways: list[int]

    @classmethod
    def of(cls, lowered: Lowered) -> "Streams":
        """From layers; the input is the first map."""
        maps = [lowered.input.map]
        for layer in lowered.layers:
            if layer.target not in maps:
                maps.append(layer.target)
        stages = []
        writers: list[list[int]] = [[] for _ in maps]
        readers: list[list[tuple[int, Reading]]] = [[] for _ in maps]
        rows_at_once, in_windows = [1] * len(maps), [False] * len(maps)
        for number, layer in enumerate(lowered.layers):
            source, target = maps.index(layer.source), maps.index(layer.target)
            rows = range(layer.rows)
            readings = [Reading(source, [layer.rows_needed(row) for row in rows],
                                [*map(layer.first_row_read, rows), layer.source.height])]
            rows_at_once[source] = max(rows_at_once[source], layer.window[0])
            in_windows[source] |= layer.mode is not Mode.CHANNELS
            if layer.residual:
                other = maps.index(layer.residual.source)
                readings.append(Reading(other, [row + 1 for row in rows],
                                        [*rows, layer.residual.source.height]))
            rows_made = layer.target.height // layer.rows
            rows_at_once[target] = max(rows_at_once[target], rows_made)
            stages.append(Stage(len(rows), rows_made, row_steps(layer), latency_cycles(layer),
                                setup_cycles(layer), addend_wait_cycles(layer),
                                write_cycles(layer), write_share(layer), readings, target))
            writers[target].append(number)
            for reading in readings:
                readers[reading.map].append((number, reading))
        return cls(maps, stages, writers, readers, rows_at_once, in_windows,
                   maps.index(lowered.output.map),
                   NpuConfig(cells=layer.cells, pixels=layer.pixels).rows_under_way,
                   _ways(stages, readers))


def _ways(stages: list[Stage], readers: list[list[tuple[int, Reading]]]) -> list[int]:
    ways = [0] * len(stages)
    for number, stage in reversed([*enumerate(stages)]):
        behind = max((ways[reader] for reader, _ in readers[stage.target]), default=0)
        ways[number] = stage.steps + stage.latency + behind
    return ways
