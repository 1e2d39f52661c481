# SPDX-License-Identifier: Apache-2.0
"""Runs a scene through the whole die and holds every room against its model."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tapetum.config import DieConfig
from tapetum.control.faults import Fault
from tapetum.npu.program import Program
from tapetum.pixel import RampKind, RowKind

from ..csi2.decoder import decode
from ..csi2.tensors import read_tensors
from ..host import RegisterMap
from ..models.csi2 import transmit
from ..models.readout import rows_of_frame
from ..models.settings import frame_settings
from ..pixel_die import PixelDie
from ..simulator import Build, Clock, run
from .array_run import compare_array
from .array_setup import program_writes
from .boundaries import compare_packets, compare_rows, compare_values
from .build import build_simulator
from .host_memories import HostMemories
from .planned_settings import PlannedSettings, exposure_control
from .record import Boundary, FrameOutcome, RunRecord, Walls
from .recordings import Recordings, Row, RowKey
from .reference import expected_ramps, reference
from .setup import Action, Setup, Stimulus
from .way import Way

__all__ = ["Request", "clocks", "compare", "run_die"]

BENCH = "tapetum_sim.frame.bench"
CYCLES_PER_WRITE = {Way.BUS: 16, Way.SPI: 400}
"""Of the host, and until the die has checked what was written; of SPI, in a block of its own."""
SPI_CLOCK_HZ = 25_000_000
SPARE_LINES = 64
"""Lines beyond the expected ones before the simulator stops itself."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to run.

    Parameters
    ----------
    registers : mapping
        Values that the host writes before streaming, by name.
    windows : mapping
        Entries that the host writes into memory windows before that, by name.
    programs : sequence of Program
        The first one is in the array when streaming begins; stimuli may load the others.
    stimuli : sequence of Stimulus
        What happens during streaming.
    direct : bool
        Load trip codes as counts instead of converting them; the codes are the same.
    way : Way
        How the host reaches the die before it streams.
    """

    config: DieConfig
    pixel_die: PixelDie
    frames: int = 2
    seed: int = 1
    scene_name: str = ""
    registers: Mapping[str, int] = field(default_factory=dict)
    windows: Mapping[str, Sequence[int]] = field(default_factory=dict)
    programs: tuple[Program, ...] = ()
    stimuli: tuple[Stimulus, ...] = ()
    direct: bool = False
    way: Way = Way.BUS
    waves: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


def run_die(request: Request, directory: Path, *, simulator: Build | None = None,
            progress: Callable[[str, float, float], None] = lambda text, done, total: None
            ) -> RunRecord:
    """Simulate, record, decode, compare.

    ``simulator`` is by default that of the RTL, built if need be; ``progress`` receives a stage and
    how much of it is done.

    Raises
    ------
    SimulationError, CycleLimitError, BuildError
        With where it stood.
    """
    config, walls = request.config, Walls()
    started = time.perf_counter()
    simulator = simulator or build_simulator(
        config, direct=request.direct, waves=request.waves,
        progress=lambda step: progress(step, 0, 0))
    walls.build = time.perf_counter() - started
    walls.simulator_was_cached = simulator.cached

    started = time.perf_counter()
    registers = RegisterMap(config)
    writes = [access for name, entries in request.windows.items()
              for access in registers.write_window(name, entries)]
    if request.programs:
        writes += program_writes(config, request.programs[0])
    if request.registers:
        writes += registers.held(request.registers)
    Setup(config=config, pixel_die=request.pixel_die, frames=request.frames, writes=writes,
          stimuli=request.stimuli, way=request.way).save(directory)
    finished = run(
        simulator, BENCH, directory=directory, clocks=clocks(config),
        limit_cycles=_cycle_limit(request, len(writes)), limit_domain="sync", waves=request.waves,
        progress=lambda report: progress(
            f"simulating: {report['text']}", report["done"], report["total"]))
    walls.simulation = time.perf_counter() - started
    walls.pixel_die = finished.results["pixel_die_s"]

    started = time.perf_counter()
    progress("holding every room against its model", 0, 0)
    recordings = Recordings.load(directory, config)
    record = compare(request, recordings, finished.results["faults"], walls)
    record.cycles = finished.cycles["sync"]
    walls.models = time.perf_counter() - started
    return record


def clocks(config: DieConfig) -> list[Clock]:
    """The four clocks of a die and that of a host, none in phase with another."""
    host_hz = 2 * min(SPI_CLOCK_HZ, int(config.sync_clock_hz) // 3)
    return [
        Clock(domain="sync", frequency_hz=int(config.sync_clock_hz)),
        Clock(domain="adc", frequency_hz=int(config.adc_clock_hz), phase_ps=311),
        Clock(domain="byte", frequency_hz=int(config.csi2.byte_clock_hz), phase_ps=97),
        Clock(domain="safety", frequency_hz=int(config.safety_clock_hz), phase_ps=1009),
        Clock(domain="host", frequency_hz=host_hz, phase_ps=53),
    ]


def _cycle_limit(request: Request, writes: int) -> int:
    config, registers = request.config, request.registers
    line = max(registers.get("line_length_pck", 0), config.timing.line_length_cycles)
    lines = max(registers.get("frame_length_lines", 0), config.timing.frame_length_lines)
    late = max((stimulus.after_cycles for stimulus in request.stimuli), default=0)
    writes += sum(len(stimulus.writes) for stimulus in request.stimuli)
    late += CYCLES_PER_WRITE[request.way] * writes
    return late + line * (lines * (request.frames + 2) + SPARE_LINES)


def compare(request: Request, recordings: Recordings, faults: int = 0,
            walls: Walls | None = None) -> RunRecord:
    """Hold what was recorded against the models; ``faults`` are the bits that the die has set."""
    config = request.config
    registers = _reset_values(config) | dict(request.registers)
    settings = PlannedSettings(
        config, _wanted(request, recordings), exposure_control(config, registers),
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


def _reset_values(config: DieConfig) -> dict[str, int]:
    return {name: register.reset for name, register in RegisterMap(config).registers.items()
            if register.is_writable}


def _wanted(request: Request, recordings: Recordings) -> dict[int, tuple[int, dict[str, Any]]]:
    """When each frame was planned, and the settings that the host wanted it to have."""
    registers, resets = RegisterMap(request.config), _reset_values(request.config)
    values = resets | dict(request.registers)
    taken = dict(values)
    pending = sorted((stimulus for stimulus in request.stimuli
                      if stimulus.action is Action.WRITE), key=lambda s: s.after_cycles)
    settings = {}
    began, turn = None, 0
    for adoption in recordings.adoptions:
        cycle = int(adoption["cycle"])
        began = cycle if began is None else began
        while pending and pending[0].after_cycles < cycle - began:
            _write(values, registers, pending.pop(0).writes)
            if values["software_reset"]:
                values = dict(resets)
            if not values["grouped_parameter_hold"]:
                taken = dict(values)
        turn &= taken["context_mode"]
        settings[int(adoption["frame"])] = (
            cycle, frame_settings(request.config, taken, context=turn).settings)
        turn ^= taken["context_mode"]
    return settings


def _write(values: dict[str, int], registers: RegisterMap,
           writes: Sequence[tuple[int, int]]) -> None:
    """Put bytes into the values of registers."""
    for address, byte in writes:
        for name, register in registers.registers.items():
            if name in values and address in register.addresses:
                place = 8 * (register.width_bytes - 1 - list(register.addresses).index(address))
                values[name] = values[name] & ~(0xFF << place) | byte << place


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
