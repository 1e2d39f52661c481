# SPDX-License-Identifier: Apache-2.0
"""When every row of every frame is reset, transferred and converted, to the cycle.

The model plans a frame as a whole: it places the first read, and from there every exposure
backwards in absolute time. It knows nothing of pointers or counters.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tapetum.config import DieConfig
from tapetum.row_timing import ExposureGroup, Ramp, RowEvent

__all__ = ["PlannedFrame", "RampStart", "ReadoutModel", "ReadoutStimulus", "RowAddress",
           "RowExposure", "rows_of_frame"]

SYNCHRONISER_CYCLES = 2
"""From the cycle in which the pin rises to the one in which logic sees it."""
START_CYCLES = 2
"""From the cycle in which idle lines are told to start to the first cycle of the first line."""
OUTPUT_CYCLES = 1
"""From a cycle of the line to the outputs that belong to it."""

Settings = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RowAddress:
    """Where a row is: ``kind`` 0 active, 1 optical black, 2 test, as in `RowKind`."""

    kind: int
    row: int
    array_row: int
    physical_row: int


@dataclass(frozen=True, kw_only=True)
class RowExposure:
    """One row of one exposure group; cycles are those in which the outputs change."""

    frame: int
    group: int
    address: RowAddress
    first: bool
    last: bool
    shutter_cycle: int
    transfer_cycle: int
    read_line: int


@dataclass(frozen=True, kw_only=True)
class RampStart:
    """A ramp command: ``kind`` 0 reset, 1 signal."""

    cycle: int
    kind: int
    capture: int
    frame: int
    frame_last: bool
    address: RowAddress


@dataclass(kw_only=True)
class PlannedFrame:
    """A frame with everything that its planning decided; ``first_read_line`` counts from the
    line that began at ``line_origin_cycle``."""

    number: int
    settings: Settings
    planned_cycle: int
    line_origin_cycle: int
    first_read_line: int
    rows: list[RowAddress]
    exposures: list[RowExposure] = field(default_factory=list)
    ramps: list[RampStart] = field(default_factory=list)

    @property
    def largest_lag_lines(self) -> int:
        return max(self.settings["lag_lines"])

    @property
    def last_read_line(self) -> int:
        return self.first_read_line + self.largest_lag_lines + len(self.rows) - 1


@dataclass(frozen=True, kw_only=True)
class ReadoutStimulus:
    """What happens at the inputs.

    ``settings(n)`` are those of frame n; ``streaming`` and ``triggered`` are functions of the
    cycle; ``sync_cycles`` are those in which the external pin rises.
    """

    settings: Callable[[int], Settings]
    streaming: Callable[[int], bool] = lambda cycle: True
    triggered: Callable[[int], bool] = lambda cycle: False
    sync_cycles: Sequence[int] = ()


def rows_of_frame(config: DieConfig, settings: Settings) -> list[RowAddress]:
    """Rows in the order in which a frame reads them."""
    array = config.array
    rows = [RowAddress(kind=2, row=i, array_row=i, physical_row=i)
            for i in range(array.test_rows)]
    rows += [RowAddress(kind=1, row=i, array_row=i, physical_row=array.test_rows + i)
             for i in range(array.optical_black_rows)]
    skip = settings["row_skip"]
    group_of_rows = 2 << int(getattr(skip, "value", skip))
    region = range(settings["row_start"], settings["row_end"] + 1)
    chosen = [r for r in region if (r - settings["row_start"]) % group_of_rows < 2]
    if settings["flip_rows"]:
        chosen.reverse()
    rows += [RowAddress(kind=0, row=i, array_row=r, physical_row=array.dark_rows + r)
             for i, r in enumerate(chosen)]
    return rows


class ReadoutModel:
    """Plays a stimulus; the result is in ``frames`` and in the cycles of the faults.

    Parameters
    ----------
    config : DieConfig
    events : sequence of RowEvent, optional
        The table of row events; that of the configuration unless given.
    """

    def __init__(self, config: DieConfig, events: Sequence[RowEvent] | None = None):
        self.config = config
        self.events = tuple(config.row_timing.events if events is None else events)
        self.frames: list[PlannedFrame] = []
        self.sync_fault_cycles: list[int] = []
        self.busy_cycles: list[tuple[int, int]] = []
        self._played_cycles = 0

    # Planning -----------------------------------------------------------------------------------

    def play(self, stimulus: ReadoutStimulus, cycles: int) -> "ReadoutModel":
        """Run from reset for so many cycles."""
        self._played_cycles = cycles
        pulses = {cycle + SYNCHRONISER_CYCLES for cycle in stimulus.sync_cycles}
        origin: int | None = None
        length = 0
        pending = False
        latest: PlannedFrame | None = None
        waiting = False
        for cycle in range(cycles):
            streaming, triggered = stimulus.streaming(cycle), stimulus.triggered(cycle)
            wanted = streaming and (pending or not triggered)
            was_pending = pending
            if origin is None:
                if wanted:
                    origin = cycle + START_CYCLES
                    length = stimulus.settings(len(self.frames))["line_length_cycles"]
                    self.busy_cycles.append((cycle + 1, cycles))
                    latest = None
            elif cycle >= origin and (cycle - origin) % length == 0:
                line = (cycle - origin) // length
                waiting = latest is not None and line < latest.first_read_line
                settings = stimulus.settings(len(self.frames))
                reads = latest is not None and line <= latest.last_read_line
                if not waiting and wanted and settings["line_length_cycles"] == length:
                    latest = self._plan(settings, cycle, line, origin, length,
                                        latest if reads else None, triggered)
                    pending = False
                elif not waiting and not reads:
                    self.busy_cycles[-1] = (self.busy_cycles[-1][0], cycle + 1)
                    origin = None
            if not (streaming and triggered):
                pending = False
            elif cycle in pulses:
                if waiting or was_pending:
                    self.sync_fault_cycles.append(cycle)
                else:
                    pending = True
            waiting = (latest is not None and origin is not None and cycle + 1
                       < latest.line_origin_cycle + latest.first_read_line * length)
        return self

    def _plan(self, settings: Settings, cycle: int, line: int, origin: int, length: int,
              previous: PlannedFrame | None, triggered: bool) -> PlannedFrame:
        frame = PlannedFrame(
            number=len(self.frames) & 0xFFFF, settings=settings, planned_cycle=cycle,
            line_origin_cycle=origin, first_read_line=line,
            rows=rows_of_frame(self.config, settings))
        groups = [g for g in self.config.exposure_groups if self._unmasked(g, settings)]
        first_capture = {g.index: min(g.captures) for g in self.config.exposure_groups}
        lags = {g.index: settings["lag_lines"][first_capture[g.index]]
                for g in self.config.exposure_groups}

        # Lines by which each group's first reset comes before the first read of the frame.
        leads = [0]
        for group in groups:
            exposure = settings["captures"][first_capture[group.index]]
            fine = exposure["fine_integration_cycles"]
            first_reset = self._transfer_time(group) - fine
            leads.append(exposure["coarse_integration_lines"] + (first_reset < 0)
                         - lags[group.index])
        read_line = line + max(leads) + 1
        if previous is not None:
            before = previous.settings["lag_lines"]
            read_line = max([read_line] + [
                previous.first_read_line + len(previous.rows)
                + max(0, before[first_capture[g]] - lag) for g, lag in lags.items()])
            if not triggered:
                read_line = max(read_line,
                                previous.first_read_line + settings["frame_length_lines"])
            dark = self.config.array.dark_rows
            same_order = (previous.rows[dark].array_row == frame.rows[dark].array_row and all(
                previous.settings[key] == settings[key] for key in ("row_skip", "flip_rows")))
            free_from = (previous.first_read_line + previous.largest_lag_lines
                         + (1 if same_order else len(previous.rows)))
            read_line = max(read_line, free_from + max(leads))
        frame.first_read_line = read_line

        for group in groups:
            self._expose(frame, group, first_capture[group.index], length)
        self.frames.append(frame)
        return frame

    def _expose(self, frame: PlannedFrame, group: ExposureGroup, capture: int,
                length: int) -> None:
        settings = frame.settings
        exposure = settings["captures"][capture]
        exposure_cycles = (exposure["coarse_integration_lines"] * length
                           + exposure["fine_integration_cycles"])
        dark = self.config.array.dark_rows
        for index, address in enumerate(frame.rows):
            line = frame.first_read_line + settings["lag_lines"][capture] + index
            start = frame.line_origin_cycle + line * length + OUTPUT_CYCLES
            transfer = start + self._transfer_time(group)
            last = index == len(frame.rows) - 1
            frame.exposures.append(RowExposure(
                frame=frame.number, group=group.index, address=address, first=index == dark,
                last=last, shutter_cycle=transfer - exposure_cycles, transfer_cycle=transfer,
                read_line=line))
            for event in self.events:
                if (event.group == group.index and event.ramp != Ramp.NONE
                        and settings["capture_mask"] >> event.capture & 1):
                    frame.ramps.append(RampStart(
                        cycle=start + event.time_cycles, kind=int(event.ramp == Ramp.SIGNAL),
                        capture=event.capture, frame=frame.number, frame_last=last,
                        address=address))

    def _unmasked(self, group: ExposureGroup, settings: Settings) -> bool:
        return any(settings["capture_mask"] >> capture & 1 for capture in group.captures)

    def _transfer_time(self, group: ExposureGroup) -> int:
        return next(event.time_cycles for event in self.events
                    if event.group == group.index and event.transfer)

    # What the pins do ---------------------------------------------------------------------------

    @property
    def exposures(self) -> list[RowExposure]:
        return [exposure for frame in self.frames for exposure in frame.exposures]

    @property
    def ramps(self) -> list[RampStart]:
        return sorted((ramp for frame in self.frames for ramp in frame.ramps),
                      key=lambda ramp: ramp.cycle)

    def row_lines(self) -> dict[str, np.ndarray]:
        """Levels of the row lines at every cycle, and ``physical_row`` where ``select`` is high."""
        cycles = self._played_cycles
        names = ("select", "reset", "transfer_large", "transfer_small", "high_gain")
        lines = {name: np.zeros(cycles, bool) for name in names}
        lines["physical_row"] = np.zeros(cycles, np.int64)
        for frame in self.frames:
            length = frame.settings["line_length_cycles"]
            for exposure in frame.exposures:
                start = (frame.line_origin_cycle + exposure.read_line * length + OUTPUT_CYCLES)
                large = self.config.exposure_groups[exposure.group].is_large
                ends = [e.time_cycles for e in self.events[1:]] + [length]
                for event, end in zip(self.events, ends, strict=True):
                    if event.group != exposure.group:
                        continue
                    span = slice(start + event.time_cycles, start + min(end, length))
                    lines["select"][span] = event.select
                    lines["reset"][span] = event.reset
                    lines["transfer_large"][span] = event.transfer and large
                    lines["transfer_small"][span] = event.transfer and not large
                    lines["high_gain"][span] = event.high_gain
                    if event.select:
                        lines["physical_row"][span] = exposure.address.physical_row
        return lines

    def strobe(self, capture: int, *, common: bool) -> np.ndarray:
        """Level of the lamp at every cycle."""
        lamp = np.zeros(self._played_cycles, bool)
        group = next(g.index for g in self.config.exposure_groups if capture in g.captures)
        for frame in self.frames:
            active = [e for e in frame.exposures if e.group == group and e.address.kind == 0]
            if not active:
                continue
            integrating_together = (active[-1].read_line - active[0].read_line) * \
                frame.settings["line_length_cycles"] < (active[0].transfer_cycle
                                                        - active[0].shutter_cycle)
            if common and integrating_together:
                lamp[active[-1].shutter_cycle:active[0].transfer_cycle] = True
            else:
                lamp[active[0].shutter_cycle:active[-1].transfer_cycle] = True
        return lamp
