# SPDX-License-Identifier: Apache-2.0
"""How many rows of each map are kept: few, but enough that rows seldom wait for each other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from tapetum_compiler.errors import require

from .banks import Place, Ring, place_rings
from .lower import Lowered
from .schedule import RingsFullError, Schedule, schedule_rows
from .streams import Streams
from .whole_maps import in_whole_maps

__all__ = ["Plan", "choose_rings"]

Scheduling = Callable[[Streams, list[int]], Schedule]
"""`schedule_rows` with all that stays the same."""
_LEEWAYS = (0, 20, 40, 80, 200, 320)
"""Of `schedule_rows`, in clocks: which one is best differs from network to network."""
_KEPT = 4
"""Plans of each kind that are made, those with the cheapest start."""
_TOLERATED_FOR_MEMORY = 0.0125
"""Share of the clocks after the last input row that a plan may cost which needs less memory."""
_TOLERATED_WAITS = (0.0, 0.0005, 0.001, 0.002, 0.003)
"""Shares of what counts that smaller rings may cost: those that cost little are taken first."""
_TOLERATED_AFTER_THE_LAST_ROW = (0.0, 0.004, 0.006, 0.008)
"""The same if only the clocks after the last input row count, which are far fewer."""


@dataclass(frozen=True)
class Plan:
    """Layers, rings, their places and the order of rows that goes with them.

    Members
    -------
    lowered : Lowered
        Maybe `in_whole_maps`.
    rows : list of int
        Slots of each ring.
    depth : int
        Addresses that each bank must have.
    """

    lowered: Lowered
    streams: Streams
    rows: list[int]
    schedule: Schedule
    places: list[Place]
    depth: int


@dataclass(frozen=True)
class _Start:
    """Layers, rings to begin with, and what they come to."""

    lowered: Lowered
    streams: Streams
    rows: list[int]
    schedule: Schedule
    schedule_of: Scheduling


def choose_rings(lowered: Lowered, row_period: int | None) -> Plan:
    """Of the cheapest of some plans the one that needs least memory.

    Some begin with rings in which rows seldom wait, and lose rows. Others begin with the smallest
    rings, and get what room is left between those.
    """
    variants = [lowered]
    if (whole := in_whole_maps(lowered)).layers != lowered.layers:
        variants.append(whole)
    plans = []
    for fitted, spare in ((_shrunk, 1), (_grown, 0)):
        starts = [_start(variant, spare, partial(schedule_rows, row_period=row_period,
                                                 leeway=leeway))
                  for variant in variants for leeway in _LEEWAYS]
        starts.sort(key=lambda start: _rank(start.schedule, row_period))
        plans += [fitted(start, row_period) for start in starts[:_KEPT]]
    plans.sort(key=lambda plan: (_rank(plan.schedule, row_period), plan.depth))
    best = plans[0].schedule
    most = _cost(best, row_period) * (1 if row_period is None else 1 + _TOLERATED_FOR_MEMORY)
    return min((plan for plan in plans if plan.schedule.late_rows == best.late_rows
                and _cost(plan.schedule, row_period) <= most), key=lambda plan: plan.depth)


def _start(lowered: Lowered, spare: int, schedule_of: Scheduling) -> _Start:
    """With as many rows as windows need, and some to spare."""
    streams = Streams.of(lowered)
    rows = [_legal(streams, which, at_once + spare)
            for which, at_once in enumerate(streams.rows_at_once)]
    schedule = _grow_until_possible(streams, rows, schedule_of)
    return _Start(lowered, streams, rows, schedule, schedule_of)


def _placed(start: _Start, rows: list[int], schedule: Schedule) -> Plan:
    places, depth = place_rings(_rings(start.streams, rows, schedule))
    return Plan(start.lowered, start.streams, rows, schedule, places, depth)


def _shrunk(start: _Start, row_period: int | None) -> Plan:
    """Take rows away, from large maps first; then give some back."""
    streams, rows, schedule = start.streams, start.rows, start.schedule
    least = [_legal(streams, which, at_once)
             for which, at_once in enumerate(streams.rows_at_once)]
    cycles, late_rows = _cost(schedule, row_period), schedule.late_rows
    for tolerated in (_TOLERATED_WAITS if row_period is None else _TOLERATED_AFTER_THE_LAST_ROW):
        for which in reversed(_by_size(streams)):
            if rows[which] <= least[which]:
                continue
            fewer = list(rows)
            fewer[which] -= 4 if streams.in_windows[which] else 1
            try:
                tried = start.schedule_of(streams, fewer)
            except RingsFullError:
                continue
            if (_cost(tried, row_period) <= cycles * (1 + tolerated)
                    and tried.late_rows <= late_rows):
                rows, schedule = fewer, tried
    return _given_more(_placed(start, rows, schedule), start.schedule_of, row_period)


def _grown(start: _Start, row_period: int | None) -> Plan:
    """Give rows to small maps first, twice: what one of them is worth depends on the others."""
    plan = _placed(start, start.rows, start.schedule)
    for _ in range(2):
        plan = _given_more(plan, start.schedule_of, row_period)
    return plan


def _by_size(streams: Streams) -> list[int]:
    return sorted(range(len(streams.maps)), key=lambda which: streams.maps[which].row_bytes)


def _given_more(plan: Plan, schedule_of: Scheduling, row_period: int | None) -> Plan:
    """With more rows of maps, where that saves clocks and fits into what the banks have anyway."""
    streams = plan.streams
    for which in _by_size(streams):
        if plan.rows[which] >= streams.maps[which].height or (
                which not in plan.schedule.full and not streams.maps[which].is_input):
            continue
        more = list(plan.rows)
        more[which] += 4 if streams.in_windows[which] else 1
        tried = schedule_of(streams, more)
        if (_cost(tried, row_period) >= _cost(plan.schedule, row_period)
                or tried.late_rows > plan.schedule.late_rows):
            continue
        places, depth = place_rings(_rings(streams, more, tried), plan.depth)
        if depth <= plan.depth:
            plan = replace(plan, rows=more, schedule=tried, places=places, depth=depth)
    return plan


def _rank(schedule: Schedule, row_period: int | None) -> tuple[int, int]:
    return schedule.late_rows, _cost(schedule, row_period)


def _cost(schedule: Schedule, row_period: int | None) -> int:
    """What counts: all clocks, or those after the last row if rows come slowly by themselves."""
    return schedule.cycles if row_period is None else schedule.verdict_cycles


def _rings(streams: Streams, rows: list[int], schedule: Schedule) -> list[Ring]:
    """As they are to be placed: a slot lives from the first row that it holds to the last.

    The input lives from the start on, the output for ever. So does an input whose last rows nobody
    waits for: who knows when they come.
    """
    at: list[list[int]] = [[] for _ in streams.stages]
    for command, stage in enumerate(schedule.order):
        at[stage] += [command] * streams.stages[stage].rows_made
    made = []
    for which, of in enumerate(streams.maps):
        slots = min(rows[which], of.height)
        stays = which == streams.output or (of.is_input and all(
            reading.needed[-1] < of.height for _, reading in streams.readers[which]))
        born, dead = _lives(streams, which, at)
        made.append(Ring(row_words=of.row_words, lives=tuple(
            (born[slot], len(schedule.order) if stays else max(dead[slot::slots]))
            for slot in range(slots))))
    return made


def _lives(streams: Streams, which: int, at: list[list[int]]) -> tuple[list[int], list[int]]:
    """First and last command of each row of a map; `at` are the commands of rows by stage.

    A row that nobody reads is still written while other commands run. Windows further apart than
    they are high leave rows of the input between them: those come before the next one that is read.
    """
    rows = range(streams.maps[which].height)
    writers = streams.writers[which]
    born = [min((at[writer][row] for writer in writers), default=-1) for row in rows]
    written = streams.rows_under_way - 1
    dead = [max((at[writer][row] + written for writer in writers), default=-1) for row in rows]
    for reader, reading in streams.readers[which]:
        commands = at[reader][::streams.stages[reader].rows_made]
        come = 0
        for command, first, needed in zip(commands, reading.first, reading.needed, strict=False):
            for row in range(min(first, come), needed):
                dead[row] = max(dead[row], command + 1)
            come = needed
    return born, dead


def _legal(streams: Streams, which: int, rows: int) -> int:
    """At least so many rows, as a ring can have them."""
    height = streams.maps[which].height
    if which == streams.output:
        return -(-height // 4) * 4 if streams.in_windows[which] else height
    if streams.in_windows[which]:
        return max(-(-min(rows - 1, height) // 4) * 4, 4)
    return min(rows, height)


def _grow_until_possible(streams: Streams, rows: list[int], schedule_of: Scheduling) -> Schedule:
    """Make full rings larger until there is an order; changes `rows`."""
    while True:
        try:
            return schedule_of(streams, rows)
        except RingsFullError as stuck:
            able = [which for which in stuck.maps if rows[which] < streams.maps[which].height]
            require(bool(able), "the rows of the network wait for each other in a circle; report "
                                "the model")
            for which in able:
                rows[which] += 4 if streams.in_windows[which] else 1
