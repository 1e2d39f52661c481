# SPDX-License-Identifier: Apache-2.0
"""Takes a plan's frames: with the RTL in Verilator, or with the models alone."""

from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.hdl import Shape

from tapetum.config import DieConfig
from tapetum.pixel import RampKind

from ..frame.exposure_meter import TripRequest
from ..frame.recordings import Recordings
from ..frame.reference import expected_ramps, reference
from ..frame.request import Request
from ..frame.run import run_die
from ..host import RegisterMap
from ..models.settings import frame_settings
from ..simulator import unpack
from .plan import Plan
from .shot import Shot, shot_of_rows

__all__ = ["Backend", "plan_requests", "settings_with", "take"]

Progress = Callable[[str, float, float], None]


class Backend(Enum):
    """What takes the frames."""

    RTL = "rtl"
    RAMPS = "ramps"
    MODEL = "model"


def take(backend: Backend, config: DieConfig, plan: Plan, *, seed: int, directory: Path,
         progress: Progress) -> Shot:
    """Take all frames of a plan; recordings go to a folder of the plan's name."""
    if backend is Backend.MODEL:
        return _take_with_models(config, plan, seed, progress)
    return _take_with_rtl(config, plan, seed, directory / plan.name, progress,
                          direct=backend is Backend.RTL)


def _take_with_rtl(config: DieConfig, plan: Plan, seed: int, directory: Path,
                   progress: Progress, *, direct: bool) -> Shot:
    request = Request(
        config=config, pixel_die=plan.pixel_die(config, seed), frames=plan.frames, seed=seed,
        scene_name=plan.scene.name, registers=dict(plan.registers), direct=direct)
    record = run_die(request, directory, progress=progress)
    recordings = Recordings.load(directory, config)
    return shot_of_rows(
        config, {frame.frame: frame.settings for frame in record.frames}, adc=recordings.adc,
        correct=recordings.correct, hdr=recordings.hdr, requests=recordings.requests,
        compared=record.compared, mismatches=record.mismatches)


def _take_with_models(config: DieConfig, plan: Plan, seed: int, progress: Progress) -> Shot:
    settings = settings_with(config, plan.registers)
    pixel_die = plan.pixel_die(config, seed)
    by_frame = dict.fromkeys(range(plan.frames), settings)
    requests = plan_requests(config, settings, plan.frames)
    trips = np.zeros((len(requests), config.array.total_columns), np.uint16)
    every = max(1, len(requests) // 100)
    for index, request in enumerate(requests):
        if index % every == 0:
            progress("exposing", index, len(requests))
        trips[index] = _trip_codes(config, pixel_die, request)
    progress("playing the models", 0, 0)
    result = reference(config, requests, trips, by_frame)
    return shot_of_rows(config, by_frame, adc=result.adc, correct=result.correct,
                        hdr=result.hdr, requests=requests)


def settings_with(config: DieConfig, registers: Mapping[str, int]) -> Mapping[str, Any]:
    """Settings of a frame that is taken with these registers written, the others as reset."""
    resets = {name: register.reset for name, register in RegisterMap(config).registers.items()
              if register.is_writable}
    return frame_settings(config, resets | dict(registers)).settings


def _trip_codes(config: DieConfig, pixel_die, request) -> np.ndarray:
    tag, row = request["command"]["tag"], int(request["physical_row"])
    frame, capture = int(tag["frame"]), int(tag["capture"])
    if request["command"]["kind"] == RampKind.RESET.value:
        return pixel_die.reset_trip_codes(frame, row, capture)
    return pixel_die.signal_trip_codes(
        frame, row, capture, int(request["exposure_start_cycles"]) / config.sync_clock_hz,
        int(request["exposure_end_cycles"]) / config.sync_clock_hz)


def plan_requests(config: DieConfig, settings: Mapping[str, Any], frames: int) -> np.ndarray:
    """Every ramp of frames that follow one another, as the exposure meter would report them.

    Time 0 is the first read of a frame of number -1, so that no exposure begins before it.
    """
    ramps = expected_ramps(config, settings)
    words = -(-Shape.cast(TripRequest).width // 32)
    requests = unpack(np.zeros((frames * len(ramps), words), np.uint32), TripRequest)
    one = {name: np.array(values) for name, values in zip(
        ("kind", "capture", "row_kind", "row", "array_row", "physical_row", "exposure", "last"),
        zip(*ramps, strict=True), strict=True)}
    transfer = np.array([next(
        config.row_timing.transfer_cycles[group.index] for group in config.exposure_groups
        if index in group.captures) for index in range(len(config.captures))])
    place = {row: index for index, row in enumerate(dict.fromkeys(one["physical_row"].tolist()))}
    order = np.array([place[row] for row in one["physical_row"].tolist()])
    lag = np.array(settings["lag_lines"])[one["capture"]]
    for frame in range(frames):
        part = requests[frame * len(ramps):(frame + 1) * len(ramps)]
        tag = part["command"]["tag"]
        part["command"]["kind"] = one["kind"]
        part["command"]["frame_last"] = one["last"]
        part["physical_row"] = one["physical_row"]
        tag["frame"] = frame
        for name in ("capture", "row_kind", "row", "array_row"):
            tag[name] = one[name]
        line = (frame + 1) * settings["frame_length_lines"] + order + lag
        end = line * settings["line_length_cycles"] + transfer[one["capture"]]
        part["exposure_end_cycles"] = end
        part["exposure_start_cycles"] = end - one["exposure"]
    return requests
