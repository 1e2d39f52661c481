# SPDX-License-Identifier: Apache-2.0
"""The order of rows: whatever need not wait, and of that the deepest layer."""

from dataclasses import dataclass, field

from .streams import Reading, Stage, Streams
from .timing import ROW_SWITCH_CYCLES

__all__ = ["Schedule", "RingsFullError", "schedule_rows"]


_FOREVER = 1 << 60


class RingsFullError(Exception):
    """Rings are too small for any order; `maps` are those that are full."""

    def __init__(self, maps: set[int]) -> None:
        super().__init__()
        self.maps = maps


@dataclass
class Schedule:
    """An order, and when everything happens in it.

    Members
    -------
    order : list of int
        Layer of each row.
    cycles : int
        From the start to the last word written.
    waits : list of int
        Clocks that each row waits, beyond the switch from the row before it.
    last_input : int
        When the last input row is there.
    late_rows : int
        Input rows that came before there was room.
    """

    order: list[int] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    cycles: int = 0
    last_input: int = 0
    late_rows: int = 0

    @property
    def verdict_cycles(self) -> int:
        """From the last input row to the result."""
        return self.cycles - self.last_input


def schedule_rows(streams: Streams, rings: list[int], row_period: int | None = None) -> Schedule:
    """Rows of all layers for those rings (rows of each map).

    Parameters
    ----------
    row_period
        Clocks from one input row to the next. None: each comes, a word a clock, as soon as there
        is room.
    """
    return _Scheduler(streams, rings, row_period).run()


class _Scheduler:

    def __init__(self, streams: Streams, rings: list[int], row_period: int | None) -> None:
        self._streams, self._rings, self._period = streams, rings, row_period
        self._next = [0] * len(streams.stages)
        self._written: list[list[int]] = [[] for _ in streams.maps]
        self._released = 0
        self._room_since = [0] * rings[0]
        self._made = Schedule()
        self._begin, self._end = -_FOREVER, -ROW_SWITCH_CYCLES
        self._drained = [0, 0]
        self._open = [number for number, _ in enumerate(streams.stages)]

    def run(self) -> Schedule:
        if self._period is not None:
            self._written[0] = [(row + 1) * self._period
                                for row in range(self._streams.maps[0].height)]
        else:
            self._take_input()
        while self._open:
            free = max(self._end + ROW_SWITCH_CYCLES, self._drained[0])
            best, best_start = -1, _FOREVER
            for number in reversed(self._open):
                stage = self._streams.stages[number]
                start = self._start(stage, number)
                if start is None:
                    continue
                earliest = max(free, self._begin + stage.setup)
                if start <= earliest:
                    best, best_start = number, earliest
                    break
                if start < best_start:
                    best, best_start = number, start
            if best < 0:
                raise RingsFullError(self._full())
            self._take(best, best_start)
        made = self._made
        made.last_input = self._written[0][-1]
        if self._period is not None:
            made.late_rows = sum(
                since > row * self._period
                for row, since in enumerate(self._room_since[:self._streams.maps[0].height]))
        return made

    def _start(self, stage: Stage, number: int) -> int | None:
        """When the next row has its inputs; None if it must not come next."""
        row = self._next[number]
        start = 0
        for reading in stage.readings:
            rows = self._written[reading.map]
            needed = reading.needed[row]
            if needed > len(rows):
                return None
            start = max(start, rows[needed - 1] + stage.addend_wait)
        target = stage.target
        for other in self._streams.writers[target]:
            # parts of a row in the order of layers, so that the last one completes it
            if other == number:
                break
            if self._next[other] <= row:
                return None
        if not self._has_room(target, row):
            return None
        return start

    def _has_room(self, target: int, row: int) -> bool:
        lost = row - self._rings[target]
        if lost < 0:
            return True
        return target != self._streams.output and self._kept(target) > lost

    def _kept(self, which: int) -> int:
        """First row of a map that is still needed."""
        return min((reading.first[self._next[reader]]
                    for reader, reading in self._streams.readers[which]),
                   default=self._streams.maps[which].height)

    def _take(self, number: int, start: int) -> None:
        stage, made = self._streams.stages[number], self._made
        made.order.append(number)
        made.waits.append(start - self._end - ROW_SWITCH_CYCLES)
        self._begin, self._end = start, start + stage.steps
        drained = self._end + stage.latency
        self._drained = [self._drained[1], drained]
        made.cycles = max(made.cycles, drained)
        self._next[number] += 1
        if self._next[number] == stage.rows:
            self._open.remove(number)
        if number == self._streams.writers[stage.target][-1]:
            self._written[stage.target].append(drained)
        if any(reading.map == 0 for reading in stage.readings):
            kept = self._kept(0)
            self._room_since += [self._end] * (kept - self._released)
            self._released = kept
            if self._period is None:
                self._take_input()

    def _take_input(self) -> None:
        """Input rows for which there is room by now."""
        source, rows = self._streams.maps[0], self._written[0]
        while len(rows) < min(source.height, len(self._room_since)):
            last = rows[-1] if rows else 0
            rows.append(max(last, self._room_since[len(rows)]) + source.row_words)

    def _full(self) -> set[int]:
        """Maps whose room would let a layer go on."""
        full = set()
        for number in self._open:
            stage, row = self._streams.stages[number], self._next[number]
            if all(_is_there(reading, row, self._written[reading.map])
                   for reading in stage.readings) and not self._has_room(stage.target, row):
                full.add(stage.target)
        return full or {0}


def _is_there(reading: Reading, row: int, written: list[int]) -> bool:
    return reading.needed[row] <= len(written)
