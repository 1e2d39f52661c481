# SPDX-License-Identifier: Apache-2.0
"""Holds what every room did against its model."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tapetum.config import DieConfig
from tapetum.control.faults import Fault
from tapetum.pixel import RampKind, RowKind

from ..csi2.decoder import decode
from ..csi2.tensors import read_tensors
from ..models.csi2 import transmit
from ..models.readout import rows_of_frame
from .array_run import compare_array
from .boundaries import compare_packets, compare_rows, compare_values
from .host_memories import HostMemories
from .planned_settings import PlannedSettings, exposure_control
from .record import Boundary, FrameOutcome, RunRecord, Walls
from .recordings import Recordings, Row, RowKey
from .reference import expected_ramps, reference
from .request import Request
from .wanted_settings import reset_values, wanted_settings

__all__ = ["compare"]


def compare(request: Request, recordings: Recordings, faults: int = 0,
            walls: Walls | None = None) -> RunRecord:
    """Hold what was recorded against the models; ``faults`` are the bits that the die has set."""
    config = request.config
    registers = reset_values(config) | dict(request.registers)
    settings = PlannedSettings(
        config, wanted_settings(request, recordings), exposure_control(config, registers),
        [(int(event["frame"]), int(event["cycle"])) for event in recordings.measured])
    model = reference(config, recordings.requests, recordings.trips, settings,
                      memories=HostMemories.of(config, request.windows, registers),
                      metering_zones=registers["exposure_metering_zones"],
                      counted=settings.measure,
                      lost_rows=_keys(recordings.output, recordings.lost_rows),
                      lost_map_rows=_keys(recordings.hdr, recordings.lost_map_rows))
    boundaries = [
        _compare_settings(recordings, settings),
        _compare_readout(config, recordings, settings),
        compare_rows("adc", model.adc, recordings.adc),
        # The last rows of each capture leave correction in slots of their own: between captures
        # the order is the die's business, and shows where they meet again.
        compare_rows("correct", _by_capture(model.correct), _by_capture(recordings.correct)),
        compare_rows("hdr", model.hdr, recordings.hdr),
        compare_rows("output", _by_capture(model.output), _by_capture(recordings.output)),
    ]
    array = compare_array(config, request.programs, registers, request.windows, settings,
                          model.hdr, recordings,
                          tensors_lost=bool(faults >> Fault.TENSOR_LOST & 1))
    for frame, summary in array.summaries.items():
        model.status.setdefault(frame, {}).update(summary)
    for ended in recordings.ended:
        model.status.setdefault(int(ended["frame"]), {}).setdefault("fault_status", {})[
            int(ended["channel"])] = int(ended["faults"])
    boundaries += [*array.boundaries, compare_packets(
        "csi2", transmit(config, model.sent, settings, model.status) + array.packets,
        recordings.packet_bytes)]
    decoded = decode(recordings.packet_bytes)
    frames = sorted(settings)
    captures, linear, clipped = _arrays(config, recordings, frames, settings)
    starts = dict(zip(recordings.adoptions["frame"].tolist(),
                      recordings.adoptions["cycle"].tolist(), strict=True))
    return RunRecord(
        config=config, pixel_die=request.pixel_die, scene_name=request.scene_name,
        seed=request.seed, options=dict(request.options), cycles=0,
        frames=[FrameOutcome(frame=frame, settings=dict(settings[frame]),
                             start_s=starts[frame] / config.sync_clock_hz,
                             outcome=_outcome(frame, settings[frame], decoded, config))
                for frame in frames],
        boundaries=boundaries,
        faults=[fault.name.lower() for fault in Fault if faults >> fault & 1],
        captures=captures, linear=linear, clipped=clipped,
        truth_electrons=_truth(request, recordings, frames),
        requests=recordings.requests, packets=decoded.packets,
        packet_starts_s=recordings.packet_starts_s, packet_bytes=recordings.packet_bytes,
        ecc_errors=decoded.ecc_errors + decoded.ecc_corrections, crc_errors=decoded.crc_errors,
        frame_crcs=decoded.frame_crcs, frame_crc_errors=decoded.frame_crc_errors,
        sequence_errors=decoded.sequence_errors,
        verdicts=array.verdicts, tensors=read_tensors(recordings.packet_bytes),
        notices=list(getattr(request.pixel_die.scene, "notices", ())),
        walls=walls or Walls())


def _by_capture(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.key[1])


def _keys(rows: Sequence[Row], places: Iterable[int]) -> set[RowKey]:
    return {rows[place].key for place in places if place < len(rows)}


def _compare_settings(recordings: Recordings,
                      settings: Mapping[int, Mapping[str, Any]]) -> Boundary:
    """What the die adopted, against what the host's writes should have made of it."""
    expected = [(frame, *setting) for frame, of_frame in settings.items()
                for setting in sorted(_leaves(of_frame))]
    received = [(int(adoption["frame"]), *setting) for adoption in recordings.adoptions
                for setting in sorted(_leaves(adoption["settings"]))]
    return compare_values("settings", expected, received)


def _leaves(value: Any, name: str = "") -> list[tuple[str, int]]:
    """Every number in mappings, sequences and structured arrays, with its dotted name."""
    if isinstance(value, np.void):
        value = {field: value[field] for field in value.dtype.names or ()}
    if isinstance(value, (list, tuple, np.ndarray)):
        value = dict(enumerate(value))
    if isinstance(value, Mapping):
        return [leaf for key, item in value.items()
                for leaf in _leaves(item, f"{name}.{key}" if name else str(key))]
    return [(name, int(getattr(value, "value", value)))]


def _compare_readout(config: DieConfig, recordings: Recordings,
                     settings: Mapping[int, Mapping[str, Any]]) -> Boundary:
    """Which ramps were played in which order, and how long each row integrated to the cycle."""
    expected, received = [], {frame: [] for frame in settings}
    for frame, of_frame in settings.items():
        expected += [(frame, *ramp) for ramp in expected_ramps(config, of_frame)]
    for request in recordings.requests:
        command, tag = request["command"], request["command"]["tag"]
        is_signal = int(command["kind"]) == RampKind.SIGNAL.value
        exposure = int(request["exposure_end_cycles"]) - int(request["exposure_start_cycles"])
        frame = int(tag["frame"])
        received.setdefault(frame, []).append(
            (frame, int(is_signal), int(tag["capture"]), int(tag["row_kind"]), int(tag["row"]),
             int(tag["array_row"]), int(request["physical_row"]), is_signal * exposure,
             int(command["frame_last"])))
    return compare_values("readout", expected, [ramp for ramps in received.values()
                                                for ramp in ramps])


def _arrays(config: DieConfig, recordings: Recordings, frames: list[int],
            settings: Mapping[int, Mapping[str, Any]]
            ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames of codes, of linear values and of clipped flags; smaller regions are padded by 0."""
    active = [row for row in recordings.adc if row.key[2] == RowKind.ACTIVE.value]
    rows = 1 + max((row.key[3] for row in active), default=-1)
    columns = max((int((~row.marks["optical_black"]).sum()) for row in active), default=0)
    place = {frame: index for index, frame in enumerate(frames)}
    captures = np.zeros((len(frames), len(config.captures), rows, columns), np.uint16)
    linear = np.zeros((len(frames), rows, columns), np.uint32)
    clipped = np.zeros((len(frames), rows, columns), bool)
    for row in active:
        codes = row.values[~row.marks["optical_black"]]
        captures[place[row.key[0]], row.key[1], row.key[3], :codes.size] = codes
    for row in recordings.hdr:
        linear[place[row.key[0]], row.key[3], :row.values.size] = row.values
        clipped[place[row.key[0]], row.key[3], :row.values.size] = row.marks["clipped"]
    return captures, linear, clipped


def _outcome(frame: int, settings: Mapping[str, Any], decoded, config: DieConfig) -> str:
    """``complete``, or what of this frame the link did not deliver."""
    rows = sum(row.kind == RowKind.ACTIVE.value for row in rows_of_frame(config, settings))
    mask = settings["capture_mask"] if settings["uncombined"] else 1
    missing = []
    for channel in range(len(config.captures)):
        if not mask >> channel & 1:
            continue
        received = [f for f in decoded.of_channel(channel) if f.number == frame % 32768 + 1]
        if not received:
            missing.append(f"missing on virtual channel {channel}")
        elif len(received[0].pixels) != rows:
            missing.append(f"{len(received[0].pixels)} of {rows} rows on virtual channel {channel}")
    return ", ".join(missing) or "complete"


def _truth(request: Request, recordings: Recordings, frames: list[int]) -> np.ndarray | None:
    """Electrons that the scene alone would give the first capture in the last frame."""
    scene, config = request.pixel_die.scene, request.config
    active = [row for row in recordings.adc
              if row.key[:3] == (frames[-1], 0, RowKind.ACTIVE.value)] if frames else []
    signal = recordings.requests[
        recordings.requests["command"]["kind"] == RampKind.SIGNAL.value]
    tags = signal["command"]["tag"]
    windows = signal[(tags["capture"] == 0) & (tags["frame"] == (frames[-1] if frames else 0))
                     & (tags["row_kind"] == RowKind.ACTIVE.value)]
    if not active or not len(windows) or scene.columns != len(active[0].values) - \
            config.array.optical_black_columns or len(active) != scene.rows:
        return None
    middle = windows[len(windows) // 2]
    start = int(middle["exposure_start_cycles"]) / config.sync_clock_hz
    end = int(middle["exposure_end_cycles"]) / config.sync_clock_hz
    sensitivity = config.pixel.sensitivity(config.captures[0].photodiode)
    truth = scene.truth(start, end) * scene.electrons_per_second * (end - start) * sensitivity
    return truth[[int(row.marks["array_row"]) for row in active]]
