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
_LEEWAYS = (0, 20, 80, 120, 200, 320)
"""Of `schedule_rows`, in clocks: which one is best differs from network to network."""
_KEPT = 6
"""Plans of which rings are made smaller, the cheapest before."""
_TOLERATED_WAITS = (0.0, 0.0005, 0.001, 0.002, 0.003)
"""Shares of what counts that smaller rings may cost: those that cost little are taken first."""
_TOLERATED_AFTER_THE_LAST_ROW = (0.0, 0.005, 0.01, 0.02)
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
class _Begun:
    """A plan before rings are made smaller."""

    lowered: Lowered
    streams: Streams
    rows: list[int]
    schedule: Schedule
    schedule_of: Scheduling


def choose_rings(lowered: Lowered, row_period: int | None) -> Plan:
    """The cheapest of some plans, of those that cost the same the one that needs least memory."""
    variants = [lowered]
    if (whole := in_whole_maps(lowered)).layers != lowered.layers:
        variants.append(whole)
    begun = [_begun(variant, partial(schedule_rows, row_period=row_period, leeway=leeway))
             for variant in variants for leeway in _LEEWAYS]
    begun.sort(key=lambda plan: (plan.schedule.late_rows, _cost(plan.schedule, row_period)))
    plans = [_fitted(plan, row_period) for plan in begun[:_KEPT]]
    return min(plans, key=lambda plan: (plan.schedule.late_rows,
                                        _cost(plan.schedule, row_period), plan.depth))


def _begun(lowered: Lowered, schedule_of: Scheduling) -> _Begun:
    """With rings that seldom make a row wait."""
    streams = Streams.of(lowered)
    rows = [_legal(streams, which, at_once + 1)
            for which, at_once in enumerate(streams.rows_at_once)]
    schedule = _grow_until_possible(streams, rows, schedule_of)
    return _Begun(lowered, streams, rows, schedule, schedule_of)


def _fitted(begun: _Begun, row_period: int | None) -> Plan:
    """Take rows away, from large maps first."""
    streams, rows, schedule = begun.streams, begun.rows, begun.schedule
    schedule_of = begun.schedule_of
    least = [_legal(streams, which, at_once)
             for which, at_once in enumerate(streams.rows_at_once)]
    cycles, late_rows = _cost(schedule, row_period), schedule.late_rows
    by_size = sorted(range(len(streams.maps)), key=lambda which: -streams.maps[which].row_bytes)
    for tolerated in (_TOLERATED_WAITS if row_period is None else _TOLERATED_AFTER_THE_LAST_ROW):
        for which in by_size:
            if rows[which] <= least[which]:
                continue
            fewer = list(rows)
            fewer[which] -= 4 if streams.in_windows[which] else 1
            try:
                tried = schedule_of(streams, fewer)
            except RingsFullError:
                continue
            if (_cost(tried, row_period) <= cycles * (1 + tolerated)
                    and tried.late_rows <= late_rows):
                rows, schedule = fewer, tried
    places, depth = place_rings(_rings(streams, rows, schedule))
    plan = Plan(begun.lowered, streams, rows, schedule, places, depth)
    for which in reversed(by_size):
        plan = _grown(plan, which, schedule_of, row_period)
    return plan


def _grown(plan: Plan, which: int, schedule_of: Scheduling, row_period: int | None) -> Plan:
    """With more rows of a map, if that saves clocks and fits into what the banks have anyway."""
    streams = plan.streams
    if plan.rows[which] >= streams.maps[which].height:
        return plan
    more = list(plan.rows)
    more[which] += 4 if streams.in_windows[which] else 1
    tried = schedule_of(streams, more)
    if (_cost(tried, row_period) >= _cost(plan.schedule, row_period)
            or tried.late_rows > plan.schedule.late_rows):
        return plan
    places, depth = place_rings(_rings(streams, more, tried))
    return plan if depth > plan.depth else replace(plan, rows=more, schedule=tried, places=places)


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

    A row that nobody reads is written while the next command runs.
    """
    rows = range(streams.maps[which].height)
    writers = streams.writers[which]
    born = [min((at[writer][row] for writer in writers), default=-1) for row in rows]
    dead = [max((at[writer][row] + 1 for writer in writers), default=-1) for row in rows]
    for reader, reading in streams.readers[which]:
        commands = at[reader][::streams.stages[reader].rows_made]
        for command, first, needed in zip(commands, reading.first, reading.needed, strict=False):
            for row in range(first, needed):
                dead[row] = max(dead[row], command + 1)
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
