# SPDX-License-Identifier: Apache-2.0
"""Runs a scene through the whole die and holds every room against its model."""

import time
from collections.abc import Callable
from pathlib import Path

from tapetum.config import DieConfig

from ..host import RegisterMap
from ..simulator import Build, Clock, run
from .array_setup import program_writes
from .build import build_simulator
from .compare import compare
from .record import RunRecord, Walls
from .recordings import Recordings
from .request import Request
from .setup import Setup
from .way import Way

__all__ = ["clocks", "run_die"]

BENCH = "tapetum_sim.frame.bench"
CYCLES_PER_WRITE = {Way.BUS: 16, Way.SPI: 400}
"""Of the host, and until the die has checked what was written; of SPI, in a block of its own."""
SPI_CLOCK_HZ = 25_000_000
SPARE_LINES = 64
"""Lines beyond the expected ones before the simulator stops itself."""


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
