# SPDX-License-Identifier: Apache-2.0
"""The default table of row events: what happens at which cycle of a line.

Kept apart from the sequencer that plays it, since the configuration needs its length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import CaptureConfig, DieConfig

__all__ = [
    "RAMP_OVERHEAD_ADC_CYCLES",
    "RAMP_OVERHEAD_SYNC_CYCLES",
    "READ_OVERHEAD_CYCLES",
    "ExposureGroup",
    "Ramp",
    "RowEvent",
    "RowTiming",
    "build_row_timing",
    "group_captures",
]

RAMP_OVERHEAD_ADC_CYCLES = 9
"""Counter clocks of a ramp that count nothing: command in, comparator out."""
RAMP_OVERHEAD_SYNC_CYCLES = 9
"""``sync`` cycles from a command to its request, and from the last count to ready for the next."""
READ_OVERHEAD_CYCLES = 12
"""``sync`` cycles that a row read takes beyond its beats."""


class Ramp(IntEnum):
    """Which ramp a row event starts."""

    NONE = 0
    RESET = 1
    SIGNAL = 2


@dataclass(frozen=True, kw_only=True)
class ExposureGroup:
    """Captures, by index, that convert one charge transfer of one photodiode.

    A pair is converted reset-low, reset-high, signal-high, signal-low gain, so that both are
    correlated double samples; ``captures`` is in the order of their signal ramps.
    """

    index: int
    captures: tuple[int, ...]
    lag_lines: int
    is_large: bool


@dataclass(frozen=True, kw_only=True)
class RowEvent:
    """At ``time_cycles`` after the start of the line the row lines take these levels.

    They hold until the next event. ``ramp`` other than ``NONE`` starts a ramp for ``capture``.
    """

    time_cycles: int
    group: int
    select: bool = True
    reset: bool = False
    transfer: bool = False
    high_gain: bool = False
    ramp: Ramp = Ramp.NONE
    capture: int = 0


@dataclass(frozen=True, kw_only=True)
class RowTiming:
    """A line's events in order of time.

    ``transfer_cycles[group]`` is when that group's integration ends; ``line_cycles`` what a line
    needs at least; ``arithmetic`` says how that sum came about.
    """

    events: tuple[RowEvent, ...]
    transfer_cycles: tuple[int, ...]
    line_cycles: int
    arithmetic: str


def group_captures(captures: "Sequence[CaptureConfig]") -> tuple[ExposureGroup, ...]:
    """Group captures that share photodiode, exposure and lag but not conversion gain."""
    groups: list[list[int]] = []
    for index, capture in enumerate(captures):
        for group in groups:
            first = captures[group[0]]
            same = (first.photodiode is capture.photodiode
                    and first.coarse_integration_lines == capture.coarse_integration_lines
                    and first.fine_integration_cycles == capture.fine_integration_cycles
                    and first.lag_lines == capture.lag_lines)
            gains = {captures[member].conversion_gain for member in group}
            if same and capture.conversion_gain not in gains:
                group.append(index)
                break
        else:
            groups.append([index])
    ordered = []
    for index, group in enumerate(groups):
        signal_order = sorted(group, key=lambda i: captures[i].conversion_gain.value)
        first = captures[group[0]]
        ordered.append(ExposureGroup(index=index, captures=tuple(signal_order),
                                     lag_lines=first.lag_lines,
                                     is_large=first.photodiode.value == "large"))
    return tuple(ordered)


def build_row_timing(config: "DieConfig") -> RowTiming:
    """Lay out the resets, transfers, gain switches and ramps of one line back to back.

    The read of a row takes place during the next conversion; a signal ramp is held back where it
    would end before the previous row has left the multiplexer.
    """
    cycles_per_ns = config.sync_clock_hz / 1e9
    reset_settle, transfer_settle, gain_settle = (
        max(4, ceil(ns * cycles_per_ns)) for ns in (
            config.timing.reset_settle_ns, config.timing.transfer_settle_ns,
            config.timing.gain_settle_ns))
    adc_to_sync = config.sync_clock_hz / config.adc_clock_hz

    def ramp_cycles(counts: int) -> int:
        return (ceil((counts + RAMP_OVERHEAD_ADC_CYCLES) * adc_to_sync)
                + RAMP_OVERHEAD_SYNC_CYCLES)

    reset_ramp, signal_ramp = (ramp_cycles(config.adc.reset_counts),
                               ramp_cycles(config.adc.signal_counts))
    read = config.row_beats + READ_OVERHEAD_CYCLES
    events: list[RowEvent] = []
    transfers: list[int] = []
    time, read_done, waited = 2, 0, 0

    for group in config.exposure_groups:
        by_signal = [(i, config.captures[i].conversion_gain.value == "high")
                     for i in group.captures]
        by_reset = list(reversed(by_signal))

        def event(cycles: int, *, of: int = group.index, **levels) -> None:
            nonlocal time
            events.append(RowEvent(time_cycles=time, group=of, **levels))
            time += cycles

        event(reset_settle, reset=True, high_gain=by_reset[0][1])
        for position, (capture, high) in enumerate(by_reset):
            if position:
                event(gain_settle, high_gain=high)
            event(reset_ramp, high_gain=high, ramp=Ramp.RESET, capture=capture)
        transfers.append(time)
        event(transfer_settle // 2, transfer=True, high_gain=by_signal[0][1])
        event(transfer_settle - transfer_settle // 2, high_gain=by_signal[0][1])
        for position, (capture, high) in enumerate(by_signal):
            if position:
                event(gain_settle, high_gain=high)
            held = max(0, read_done - (time + signal_ramp))
            time, waited = time + held, waited + held
            event(signal_ramp, high_gain=high, ramp=Ramp.SIGNAL, capture=capture)
            read_done = time + read
        event(2, select=False)

    count = len(config.captures)
    # The last row of a line is read during the first conversion of the next.
    line = max(time, 2 + read_done - (events[0].time_cycles + reset_settle + reset_ramp
                                      + transfer_settle + signal_ramp))
    arithmetic = (f"{count} reset ramps of {reset_ramp}, {count} signal ramps of {signal_ramp}, "
                  f"{time - waited - count * (reset_ramp + signal_ramp)} of settling, "
                  f"{waited} waiting for reads of {read}")
    return RowTiming(events=tuple(events), transfer_cycles=tuple(transfers),
                     line_cycles=line, arithmetic=arithmetic)
