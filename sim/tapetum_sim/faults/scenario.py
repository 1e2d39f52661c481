# SPDX-License-Identifier: Apache-2.0
"""What the die does while faults fall into it, written for a simulator without Python."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from amaranth.lib import data

from tapetum.config import DieConfig
from tapetum.control.faults import Fault
from tapetum.pixel import RampCommand, RowTag
from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES
from tapetum.registers.definition import Access, Storage
from tapetum.safety.mechanism import Mechanism

from ..frame.array_setup import array_registers, packaged_program, program_writes
from ..frame.bench import SETTINGS_PENDING
from ..frame.exposure_meter import TripRequest
from ..frame.host_writes import letters
from ..frame.top import PacketWord
from ..host import RegisterMap
from ..pixel_die import PixelDie
from ..scenes import load_scene

__all__ = ["FRAMES_OBSERVED", "Scenario", "power_up_scenario", "streaming_scenario"]

FRAMES_OBSERVED = 2
"""The one that a fault falls into, and the next."""

_FRAMES_BEFORE = 2
_CHECKPOINTS_PER_FRAME = 48
_STATUS_READS_PER_FRAME = 2
_START_UP_FRAMES = 12
_SPARE_LINES = 8
_PINS = ("sync_output", "strobe", "interrupt_request", "busy")
_NOT_COMPARED = {"fault_status", "safety_status"}
"""Detection is judged by itself."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Times of a campaign, in picoseconds.

    Parameters
    ----------
    window_ps : int
        Faults fall into the first so many of the observed time.
    observed_ps : int
        From the beginning of the window.
    row_ps, frame_ps : int
    description : str
        What the die does, for the report.
    """

    window_ps: int
    observed_ps: int
    row_ps: int
    frame_ps: int
    description: str


def streaming_scenario(config: DieConfig, folder: Path, *, seed: int = 1,
                       scene: str = "chart", found: int | None = None,
                       registers: Mapping[str, int] | None = None) -> Scenario:
    """Write into ``folder``: the die streams a scene with short lines and judges every frame.

    The host sets it up as `DieBench` does, lets two frames pass, clears the faults, and reads the
    status registers twice a frame.

    Parameters
    ----------
    found : int
        Element with a bit for each safety mechanism.
    registers : mapping
        What the host writes besides.
    """
    known, times = RegisterMap(config), _Times(config)
    program = packaged_program(config)
    judges = array_registers(config, program) if program else {}
    wanted = {"line_length_pck": times.line, **judges, **(registers or {})}
    orders = [*_power_up(known)]
    if program:
        orders += _posts(program_writes(config, program))
        orders += _settled(known, "program_control")
    orders += _posts(known.held(wanted))
    orders += _settled(known, "settings_status", SETTINGS_PENDING)
    orders += _posts(known.write({"mode_select": 1}))
    orders.append(f"changes adopted {_FRAMES_BEFORE}")
    clear = {"fault_status": (1 << len(Fault)) - 1}
    if "safety_status" in known.registers:
        clear = {"safety_status": known["safety_status"].mask, **clear}
    orders += _posts(known.write(clear))
    orders += ["wait 200", "window"]
    reads = list(_status_addresses(known))
    pause = max(1, times.line * times.lines // _STATUS_READS_PER_FRAME
                - len(reads) * (ACCESS_INTERVAL_CYCLES + 4))
    for _ in range(_STATUS_READS_PER_FRAME * (FRAMES_OBSERVED + 1)):
        orders.append(f"wait {pause}")
        orders += [f"read {address}" for address in reads]
    packet = PacketWord(config.csi2.byte_lanes)
    observed_ps = FRAMES_OBSERVED * times.frame_ps + _SPARE_LINES * times.row_ps
    _write(config, folder, orders, observed_ps, [
        f"observe packets {packet['word'].width}",
        f"receiver packets {config.csi2.byte_lanes}",
        *(f"pin {name}" for name in _PINS),
        *([f"found {found}", f"corrects {1 << Mechanism.MEMORY_CORRECTED}"]
          if found is not None else []),
        _pixels(config, folder, times.line, scene=scene, seed=seed)])
    return Scenario(
        window_ps=times.frame_ps, observed_ps=observed_ps, row_ps=times.row_ps,
        frame_ps=times.frame_ps,
        description=f"preset {config.name} streams the scene {scene} in frames of {times.lines} "
                    f"lines of {times.line} pixel clocks"
                    + (" and judges each of them" if program else ""))


def power_up_scenario(config: DieConfig, folder: Path) -> Scenario:
    """Write into ``folder``: the die wakes and tests its bonds; the window begins at the reset."""
    times = _Times(config)
    _write(config, folder, ["window", *_power_up(RegisterMap(config))], times.frame_ps, [])
    return Scenario(window_ps=1, observed_ps=times.frame_ps, row_ps=times.row_ps,
                    frame_ps=times.frame_ps,
                    description=f"preset {config.name} wakes")


class _Times:
    """Of frames with the shortest lines that the die takes."""

    def __init__(self, config: DieConfig):
        cycle_ps = 1e12 / config.sync_clock_hz
        self.line = RegisterMap(config)["line_length_pck"].minimum
        self.lines = config.timing.frame_length_lines
        self.row_ps = round(self.line * cycle_ps)
        self.frame_ps = round(self.line * self.lines * cycle_ps)


def _write(config: DieConfig, folder: Path, orders: Sequence[str], observed_ps: int,
           keys: Sequence[str]) -> None:
    """Write both files that the simulator reads."""
    times = _Times(config)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "host.txt").write_text("\n".join(orders) + "\n")
    longest_ps = round(_START_UP_FRAMES * config.timing.frame_length_lines
                       * config.line_time_s * 1e12)
    (folder / "scenario.txt").write_text("\n".join([
        "faults faults", "error error", *keys,
        f"host host.txt {ACCESS_INTERVAL_CYCLES + 2}",
        f"window_ps {observed_ps} {times.frame_ps // _CHECKPOINTS_PER_FRAME} {times.row_ps} "
        f"{longest_ps}"]) + "\n")


def _power_up(known: RegisterMap) -> Iterator[str]:
    yield from _settled(known, "software_reset")
    yield from _settled(known, "bond_test")
    if "safety_self_test" in known.registers:
        yield from _settled(known, "safety_self_test", 1)


def _settled(known: RegisterMap, name: str, mask: int = 0xFF) -> list[str]:
    """Poll until the last byte of a register has none of these bits."""
    return [f"poll {known.read(name)[-1]} {mask}"]


def _posts(writes: Sequence[tuple[int, int]]) -> list[str]:
    return [f"post {letter.hex()}" for letter in letters(writes)]


def _status_addresses(known: RegisterMap) -> Iterator[int]:
    """Everything that the die tells of itself, faults apart."""
    for name, register in known.registers.items():
        if (register.storage is Storage.STATUS and register.access is Access.READ_ONLY
                and name not in _NOT_COMPARED):
            yield from known.read(name)


def _pixels(config: DieConfig, folder: Path, line: int, *, scene: str, seed: int) -> str:
    """Write the trip codes of every row, and say how they are to be read."""
    folder.mkdir(parents=True, exist_ok=True)
    array, adc, captures = config.array, config.adc, range(len(config.captures))
    pixel_die = PixelDie(config, load_scene(config, scene), seed=seed)
    exposures = [config.exposure_cycles(capture) for capture in config.captures]
    # Lines are shorter than the preset's: as much light comes in less time.
    nominal = [capture.coarse_integration_lines * line + capture.fine_integration_cycles
               for capture in config.captures]
    codes = np.array([
        [[pixel_die.reset_trip_codes(0, row, capture) for row in range(array.total_rows)]
         for capture in captures],
        [[pixel_die.signal_trip_codes(0, row, capture, 0.0,
                                      exposures[capture] / config.sync_clock_hz)
          for row in range(array.total_rows)] for capture in captures]])
    codes.astype("<u2").tofile(folder / "trips.bin")
    request = data.Layout.cast(TripRequest)
    command, tag = data.Layout.cast(RampCommand), data.Layout.cast(RowTag)
    fields = [(command["kind"].offset, command["kind"].width),
              (command["tag"].offset + tag["capture"].offset, tag["capture"].width),
              *((request[name].offset, request[name].width) for name in
                ("physical_row", "exposure_start_cycles", "exposure_end_cycles"))]
    numbers = [array.total_columns, adc.bits + 1, array.total_rows, len(captures),
               array.test_rows, adc.reset_counts, adc.signal_counts]
    return " ".join(map(str, ["pixels", *numbers, "trips.bin", *nominal,
                              *(value for field in fields for value in field)]))
