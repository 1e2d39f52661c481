# SPDX-License-Identifier: Apache-2.0
"""The whole die in numpy: from trip codes and settings alone to the rows that the link sends."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tapetum.config import DieConfig
from tapetum.pixel import RampKind, RowKind
from tapetum.row_timing import Ramp

from ..models.adc import convert_row, output_columns
from ..models.compand import compand_frame, slot_of, uncombined_values
from ..models.correction import CorrectionModel
from ..models.csi2 import OutputRow
from ..models.hdr import Combined, combine_marked
from ..models.histogram import FinishedHistogram, HistogramModel
from ..models.readout import RowAddress, rows_of_frame
from ..models.row import ModelRow
from .host_memories import HostMemories
from .recordings import Row, RowKey

__all__ = ["Reference", "expected_ramps", "reference"]

ACTIVE = RowKind.ACTIVE.value


@dataclass(kw_only=True)
class Reference:
    """What every room must send.

    Members
    -------
    adc, correct, hdr, output : list of Row
        In order.
    sent : list of OutputRow
        Rows of ``output`` as they reach the link.
    status : dict
        What embedded rows tell of each frame besides its settings, by name of the register.
    """

    adc: list[Row] = field(default_factory=list)
    correct: list[Row] = field(default_factory=list)
    hdr: list[Row] = field(default_factory=list)
    output: list[Row] = field(default_factory=list)
    sent: list[OutputRow] = field(default_factory=list)
    status: dict[int, dict[str, Any]] = field(default_factory=dict)


def reference(config: DieConfig, requests: np.ndarray, trips: np.ndarray,
              settings: Mapping[int, Mapping[str, Any]], *,
              memories: HostMemories | None = None, metering_zones: int = 0xFFFF,
              counted: Callable[[FinishedHistogram], None] | None = None,
              lost_rows: Container[RowKey] = (),
              lost_map_rows: Container[RowKey] = ()) -> Reference:
    """Play the trip codes through all models.

    Parameters
    ----------
    requests : structured array of TripRequest
        Every ramp, in order. Of each only the frame, the capture and the physical row are
        believed; that these are right, and in order, `expected_ramps` says.
    trips : uint16, ramps x total columns
        What the comparators did in it.
    settings : mapping
        `FrameSettings` of each frame, by its number.
    memories : HostMemories, optional
        What the host has written; by default nothing.
    counted : callable, optional
        Is given the histograms of each frame as soon as it is complete.
    lost_rows, lost_map_rows : containers of RowKey
        Rows of ``output``, and those of ``hdr`` whose flicker map, the link had no time for, as it
        reported. They are marked as not stored in ``sent`` and are missing from nothing else.
    """
    result = Reference()
    die = _Die(config, settings, result, memories or HostMemories(), lost_rows, lost_map_rows)
    die.histogram = HistogramModel(config, metering_zones=metering_zones)
    die.counted = counted
    reset_trips: dict[tuple[int, int], np.ndarray] = {}
    for request, codes in zip(requests, trips, strict=True):
        tag = request["command"]["tag"]
        frame, capture = int(tag["frame"]), int(tag["capture"])
        place = capture, int(request["physical_row"])
        if request["command"]["kind"] == RampKind.RESET.value:
            reset_trips[place] = codes
        elif place in reset_trips:
            die.convert(frame, capture, place[1], reset_trips.pop(place), codes)
    return result


class _Die:
    """State between conversions: corrections, and rows that wait for their other captures."""

    def __init__(self, config: DieConfig, settings: Mapping[int, Mapping[str, Any]],
                 result: Reference, memories: HostMemories, lost_rows: Container[RowKey],
                 lost_map_rows: Container[RowKey]):
        self.config, self.settings, self.result = config, settings, result
        self.lost_rows, self.lost_map_rows = lost_rows, lost_map_rows
        self._waiting: dict[tuple[int, int], dict[int, np.ndarray]] = {}
        self.correction = CorrectionModel(config, known=memories.known, nodes=memories.nodes,
                                          thresholds=memories.thresholds)
        self.histogram = HistogramModel(config)
        self.counted: Callable[[FinishedHistogram], None] | None = None
        self.programmed = memories.programmed
        self._counting = {"flicker_count": 0, "clipped_count": 0}
        self._addresses: dict[int, dict[int, tuple[RowAddress, bool]]] = {}

    def convert(self, frame: int, capture: int, physical_row: int, reset_trips: np.ndarray,
                signal_trips: np.ndarray) -> None:
        """Take one conversion; what the row is follows from the settings of its frame."""
        config = self.config
        if frame not in self._addresses:
            rows = rows_of_frame(config, self.settings[frame])
            self._addresses[frame] = {row.physical_row: (row, row is rows[-1]) for row in rows}
        if physical_row not in self._addresses[frame]:
            return  # the row that the die sends all the same is then one too many
        address, frame_last = self._addresses[frame][physical_row]
        kind = address.kind
        settings = self.settings[frame]
        region: dict[str, Any] = {
            name: int(getattr(settings[name], "value", settings[name]))
            for name in ("column_start", "column_end", "column_skip", "flip_columns")}
        codes = convert_row(config, reset_trips, signal_trips, **region)
        optical_black = output_columns(config, **region) < config.array.optical_black_columns
        key = (frame, capture, kind, address.row)
        self.result.adc.append(Row(key=key, values=codes, marks={
            **_marks(address.array_row, frame_last), "optical_black": optical_black}))
        converted = ModelRow(
            frame=frame, capture=capture, kind=RowKind(kind), row=address.row,
            array_row=address.array_row, frame_last=frame_last, codes=codes.astype(np.int64),
            columns=output_columns(config, **region), optical_black=optical_black)
        for corrected in self.correction.row(converted, settings):
            row = Row(key=(corrected.frame, corrected.capture, ACTIVE, corrected.row),
                      values=corrected.codes,
                      marks=_marks(corrected.array_row, corrected.frame_last))
            self.result.correct.append(row)
            self._tell_of_capture(corrected)
            histogram = self.histogram.row(corrected, settings)
            if histogram and self.counted:
                self.counted(histogram)
            if settings["uncombined"]:
                self._send(row, uncombined_values(corrected.codes, config,
                                                  settings["data_format"]))
            self._combine(row, settings)

    def _combine(self, row: Row, settings: Mapping[str, Any]) -> None:
        frame, capture, kind, number = row.key
        mask = settings["capture_mask"]
        present = self._waiting.setdefault((frame, number), {})
        present[capture] = row.values
        if len(present) < mask.bit_count():
            return
        del self._waiting[frame, number]
        nothing = np.zeros_like(row.values)
        stack = np.array([present.get(index, nothing)
                          for index in range(len(self.config.captures))])
        combined = combine_marked(stack, self.config, settings)
        key: RowKey = (frame, capture, kind, number)
        self.result.hdr.append(Row(
            key=key, values=combined.values,
            marks={**row.marks, "clipped": combined.clipped, "flicker": combined.flicker}))
        self._count(row, combined)
        if not settings["uncombined"]:
            whole: RowKey = (frame, 0, kind, number)
            self._send(Row(key=whole, values=combined.values, marks=row.marks),
                       compand_frame(combined.values, settings, self.programmed),
                       marks=combined.flicker if settings["flicker_map"] else None,
                       marks_stored=key not in self.lost_map_rows)

    def _status(self, frame: int) -> dict[str, Any]:
        return self.result.status.setdefault(frame, {})

    def _tell_of_capture(self, row: ModelRow) -> None:
        """Black levels with which it was corrected, then how many defects it had."""
        status, prefix = self._status(row.frame), f"capture_{row.capture}_"
        levels = self.correction.fixed_pattern.black_level.levels[row.capture]
        if row.row == 0:
            status |= {f"{prefix}black_level_{phase}": level for phase, level in enumerate(levels)}
        if row.frame_last:
            status[f"{prefix}corrected_defects"] = self.correction.defects.corrected[row.capture]

    def _count(self, row: Row, combined: Combined) -> None:
        """What the embedded rows below a frame tell of its pixels."""
        if row.key[3] == 0:
            self._counting = dict.fromkeys(self._counting, 0)
        self._counting["flicker_count"] += int(combined.flicker.sum())
        self._counting["clipped_count"] += int(combined.clipped.sum())
        if row.marks["frame_last"]:
            self._status(row.key[0]).update(
                (name, min(count, (1 << 24) - 1)) for name, count in self._counting.items())

    def _send(self, row: Row, values: np.ndarray, **marks: Any) -> None:
        frame, capture, _, number = row.key
        self._status(frame).setdefault(
            "companding_slot", slot_of(self.settings[frame], self.programmed))
        self.result.output.append(Row(key=row.key, values=values, marks=row.marks))
        self.result.sent.append(OutputRow(frame=frame, row=number, values=values, capture=capture,
                                          last=bool(row.marks["frame_last"]),
                                          stored=row.key not in self.lost_rows, **marks))


def _marks(array_row: int, frame_last: bool) -> dict[str, Any]:
    return {"array_row": array_row, "frame_last": frame_last, "complete": True, "one_tag": True}


def expected_ramps(config: DieConfig, settings: Mapping[str, Any]) -> list[tuple[int, ...]]:
    """Every ramp of a frame in the order in which it is played.

    ``(kind, capture, row kind, row, array row, physical row, exposure in cycles, frame_last)``;
    the exposure is that of signal ramps, 0 for reset ramps.
    """
    rows = rows_of_frame(config, settings)
    ramps = []
    for event in config.row_timing.events:
        if event.ramp is Ramp.NONE or not settings["capture_mask"] >> event.capture & 1:
            continue
        capture = settings["captures"][event.capture]
        is_signal = event.ramp is Ramp.SIGNAL
        exposure = is_signal * (
            capture["coarse_integration_lines"] * settings["line_length_cycles"]
            + capture["fine_integration_cycles"])
        for index, row in enumerate(rows):
            when = (index + settings["lag_lines"][event.capture], event.time_cycles)
            ramps.append((when, (int(is_signal), event.capture, row.kind, row.row, row.array_row,
                                 row.physical_row, exposure, int(row is rows[-1]))))
    return [ramp for _, ramp in sorted(ramps)]
