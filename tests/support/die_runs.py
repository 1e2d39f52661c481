# SPDX-License-Identifier: Apache-2.0
"""Whole-die runs for tests: one build per die whoever asks first, and what a good run is."""

import fcntl
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tapetum.config import DieConfig
from tapetum.npu.program import Program
from tapetum_sim.frame.build import build_simulator
from tapetum_sim.frame.record import RunRecord
from tapetum_sim.frame.request import Request
from tapetum_sim.frame.run import run_die
from tapetum_sim.frame.setup import Action, Stimulus
from tapetum_sim.frame.way import Way
from tapetum_sim.host import RegisterMap
from tapetum_sim.models.adc import output_columns
from tapetum_sim.pixel_die import PixelDie, PixelDieParameters
from tapetum_sim.scenes import load_scene
from tapetum_sim.scenes.switched_light import SwitchedLight
from tapetum_sim.simulator.builder import DEFAULT_ROOT

__all__ = ["assert_exact", "build_once", "make_request", "run_small", "write_at"]

DECADES = 7
"""Range of the random scene: from far below one code to far beyond the last capture's well."""


CHECKSUM_COLUMNS = 16


def _columns(config: DieConfig, settings: Mapping[str, Any]) -> int:
    first, last, skip = (int(getattr(settings[name], "value", settings[name]))
                         for name in ("column_start", "column_end", "column_skip"))
    found = output_columns(config, column_start=first, column_end=last, column_skip=skip)
    return len(found) - config.array.optical_black_columns


def build_once(config: DieConfig) -> None:
    """Build the simulator of ``config``; further test processes wait for it, and find it."""
    root = Path(DEFAULT_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{config.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build_simulator(config)


def make_request(config: DieConfig, directory: Path, *, frames: int = 2, seed: int = 1,
                 registers: Mapping[str, int] | None = None,
                 windows: Mapping[str, Sequence[int]] | None = None,
                 programs: Sequence[Program] = (),
                 stimuli: Sequence[Stimulus] = (),
                 parameters: PixelDieParameters | None = None,
                 light: float | None = None, way: Way = Way.BUS) -> Request:
    """A run on a scene of random pixels, each of any brightness, with every kind of noise.

    `light` makes a flat field of so many electrons per second instead.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if light is None:
        path, generator = directory / "scene.npy", np.random.default_rng(seed)
        shape = (config.array.rows, config.array.columns)
        np.save(path, 10 ** generator.uniform(0, DECADES, shape))
        scene = load_scene(config, path)
    else:
        scene = SwitchedLight(config, [(0.0, light)])
    pixel_die = PixelDie(config, scene, parameters or PixelDieParameters(), seed=seed)
    return Request(
        config=config, pixel_die=pixel_die, frames=frames, seed=seed, scene_name=scene.name,
        registers=registers or {}, windows=windows or {}, programs=tuple(programs),
        stimuli=tuple(stimuli), way=way)


def run_small(config: DieConfig, directory: Path, **options) -> RunRecord:
    """Build once, run; ``options`` are those of `make_request`."""
    build_once(config)
    return run_die(make_request(config, directory, **options), directory)


def write_at(config: DieConfig, after_lines: float, **registers: int) -> Stimulus:
    """The host writes these registers so many lines after streaming began."""
    return Stimulus(after_cycles=round(after_lines * config.timing.line_length_cycles),
                    action=Action.WRITE, writes=tuple(RegisterMap(config).write(registers)))


def assert_exact(record: RunRecord, *, faults: Iterable[str] = (), frames: int | None = None,
                 incomplete: Iterable[int] = ()) -> None:
    """Every room as its model says, every frame whole but those named, no fault but those."""
    wrong = [f"{boundary.name}: {boundary.mismatches} of {boundary.compared}, {boundary.first}"
             for boundary in record.boundaries if boundary.mismatches or not boundary.compared]
    assert not wrong, "; ".join(wrong)
    assert set(record.faults) == set(faults), record.faults
    assert (record.ecc_errors, record.crc_errors, record.frame_crc_errors) == (0, 0, 0)
    dropped = {frame.frame: frame.outcome for frame in record.frames
               if frame.outcome != "complete"}
    assert set(dropped) == set(incomplete), dropped
    if not dropped:
        # A frame that is narrower has no room for its checksum.
        wide = [frame for frame in record.frames
                if _columns(record.config, frame.settings) >= CHECKSUM_COLUMNS]
        assert record.frame_crcs >= len(wide)
        assert record.sequence_errors == []
    if frames is not None:
        assert len(record.frames) == frames
