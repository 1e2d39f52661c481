# SPDX-License-Identifier: Apache-2.0
"""The order of rows: whatever need not wait, and of that the deepest layer.

If all wait, what waits least; of rows that wait as long, that with the longest way to the result.
"""

from dataclasses import dataclass, field

from .arrivals import Arrivals
from .streams import Stage, Streams
from .timing import (
    INPUT_VISIBLE_CYCLES,
    ROW_DRAINED_CYCLES,
    ROW_FETCH_CYCLES,
    ROW_HAND_OVER_CYCLES,
    ROW_SWITCH_CYCLES,
    WRITTEN_CYCLES,
)

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
    full : set of int
        Maps that a row had no room in at some time; the others need no larger rings.
    """

    order: list[int] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    cycles: int = 0
    last_input: int = 0
    late_rows: int = 0
    full: set[int] = field(default_factory=set)

    @property
    def verdict_cycles(self) -> int:
        """From the last input row to the result."""
        return self.cycles - self.last_input


def schedule_rows(streams: Streams, rings: list[int], row_period: int | None = None,
                  leeway: int = 0) -> Schedule:
    """Rows of all layers for those rings (rows of each map).

    Parameters
    ----------
    row_period
        Clocks from one input row to the next. None: each comes, a word a clock, as soon as there
        is room.
    leeway
        Clocks for which a row has been ready before the deepest layer that has one takes it. More
        of them leave more rows to fill later waits.
    """
    return _Scheduler(streams, rings, row_period, leeway).run()


class _Scheduler:

    def __init__(self, streams: Streams, rings: list[int], row_period: int | None,
                 leeway: int) -> None:
        self._streams, self._rings, self._period = streams, rings, row_period
        self._leeway = leeway
        self._next = [0] * len(streams.stages)
        self._written: list[list[int]] = [[] for _ in streams.maps]
        self._released = 0
        source = streams.maps[0]
        self._arrivals = Arrivals(source.height, source.width * source.pixel_words, rings[0])
        self._made = Schedule()
        self._begin, self._end, self._handed = -_FOREVER, -ROW_SWITCH_CYCLES, -_FOREVER
        self._drained = [0] * streams.rows_under_way
        self._open = [number for number, _ in enumerate(streams.stages)]

    def run(self) -> Schedule:
        if self._period is not None:
            self._written[0] = [(row + 1) * self._period + INPUT_VISIBLE_CYCLES
                                for row in range(self._streams.maps[0].height)]
        while self._open:
            free = max(self._end + ROW_SWITCH_CYCLES, self._drained[0] - ROW_DRAINED_CYCLES)
            handed = max(self._begin + ROW_HAND_OVER_CYCLES, self._handed + ROW_FETCH_CYCLES)
            best, best_start, best_way = -1, _FOREVER, 0
            for number in reversed(self._open):
                stage = self._streams.stages[number]
                start = self._start(stage, number)
                if start is None:
                    continue
                earliest = max(free, handed + stage.setup)
                if start + self._leeway <= earliest:
                    best, best_start = number, earliest
                    break
                start, way = max(start, earliest), self._streams.ways[number]
                if (start, -way) < (best_start, -best_way):
                    best, best_start, best_way = number, start, way
            if best < 0:
                raise RingsFullError(self._full())
            self._handed = handed
            self._take(best, best_start)
        made = self._made
        height = self._streams.maps[0].height
        last = self._written_by(0, height)
        assert last is not None
        made.last_input = last - INPUT_VISIBLE_CYCLES
        if self._period is not None:
            made.late_rows = sum(since > row * self._period
                                 for row, since in enumerate(self._arrivals.room_since))
        return made

    def _start(self, stage: Stage, number: int) -> int | None:
        """When the next row has its inputs; None if it must not come next."""
        row = self._next[number]
        start = 0
        for reading in stage.readings:
            rows = reading.needed[row]
            if reading.map != 0 and rows > len(self._written[reading.map]):
                return None  # as often as not, and so asked first
            there = self._written_by(reading.map, rows)
            if there is None:
                return None
            start = max(start, there + stage.addend_wait)
        for other in self._streams.writers[stage.target]:
            # parts of a row in the order of layers, so that the last one completes it
            if other == number:
                break
            if self._next[other] <= row:
                return None
        if not self._has_room(stage, row):
            self._made.full.add(stage.target)
            return None
        return start

    def _has_room(self, stage: Stage, row: int) -> bool:
        target = stage.target
        lost = (row + 1) * stage.rows_made - 1 - self._rings[target]
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
        self._drained = [*self._drained[1:], drained]
        made.cycles = max(made.cycles, drained + WRITTEN_CYCLES)
        self._next[number] += 1
        if self._next[number] == stage.rows:
            self._open.remove(number)
        if number == self._streams.writers[stage.target][-1]:
            self._written[stage.target] += [drained] * stage.rows_made
        self._arrivals.writes(self._begin + stage.write_delay, self._end + stage.write_delay,
                              stage.write_share)
        if any(reading.map == 0 for reading in stage.readings):
            kept = self._kept(0)
            self._arrivals.release(kept - self._released, self._end)
            self._released = kept

    def _written_by(self, which: int, rows: int) -> int | None:
        """When so many rows of a map can be read; None if they are still to be computed."""
        if which == 0 and self._period is None:
            return self._arrivals.there(rows)
        return self._written[which][rows - 1] if rows <= len(self._written[which]) else None

    def _full(self) -> set[int]:
        """Maps whose room would let a layer go on."""
        full = set()
        for number in self._open:
            stage, row = self._streams.stages[number], self._next[number]
            if all(self._written_by(reading.map, reading.needed[row]) is not None
                   for reading in stage.readings) and not self._has_room(stage, row):
                full.add(stage.target)
        return full or {0}
