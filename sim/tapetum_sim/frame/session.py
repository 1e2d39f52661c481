# SPDX-License-Identifier: Apache-2.0
"""From what a user asks for to a finished report."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tapetum.config import ConfigError, DieConfig
from tapetum.npu.program import Program
from tapetum.presets import preset as preset_named
from tapetum_compiler.backend.image import load_program
from tapetum_compiler.errors import CompileError

from ..errors import UserError
from ..host import RegisterError, RegisterMap
from ..output import check_folder
from ..pixel_die import PixelDie, PixelDieParameters
from ..report.write import write_report
from ..scenes import load_scene
from ..simulator import BuildError, SimulationError
from .array_setup import array_registers, packaged_program, require_room
from .build import build_simulator
from .request import Request
from .run import run_die
from .setup import Stimulus
from .wave_layout import write_wave_layouts
from .way import Way

__all__ = ["simulate"]


def simulate(*, preset: str, scene: str, frames: int, seed: int, out: Path,
             registers: Mapping[str, int], electrons_per_second: float | None = None,
             temperature_celsius: float = 25.0, ideal: bool = False, direct: bool = False,
             waves: bool = False, program: Path | None = None, judge: bool = True,
             stimuli: tuple[Stimulus, ...] = (), way: Way = Way.BUS,
             progress: Callable[[str, float, float], None] = lambda text, done, total: None
             ) -> dict[str, Any]:
    """Run, compare, report; return what ``report.json`` holds.

    Frames are judged by ``program``, or by the project's own network, unless ``judge`` is false or
    the die has no array.

    Raises
    ------
    UserError
        A scene, register or simulator that cannot be used, or a run that did not end.
    """
    config = preset_named(preset)
    try:
        RegisterMap(config).write(registers)
    except RegisterError as error:
        raise UserError(str(error)) from None
    judges = _program(config, program) if judge else None
    wanted = (array_registers(config, judges) if judges else {}) | dict(registers)
    check_folder(out)
    progress("preparing the scene", 0, 0)
    light = load_scene(config, scene, electrons_per_second=electrons_per_second)
    pixel_die = PixelDie(
        config, light, PixelDieParameters.ideal() if ideal else PixelDieParameters(), seed=seed,
        temperature_celsius=temperature_celsius)
    request = Request(
        config=config, pixel_die=pixel_die, frames=frames, seed=seed, scene_name=Path(scene).name,
        registers=wanted, programs=(judges,) if judges else (), stimuli=stimuli,
        direct=direct, waves=waves, way=way,
        options={"scene": scene, "registers": dict(registers),
                 "electrons_per_second": light.electrons_per_second,
                 "temperature_celsius": temperature_celsius, "ideal": ideal, "direct": direct,
                 "host": way.value})
    log = out / "failure.log"
    for stale in (log, out / "report.json", out / "report.html"):
        stale.unlink(missing_ok=True)
    try:
        record = run_die(request, out / "run", progress=progress)
    except (BuildError, SimulationError) as error:
        log.write_text(str(error) + "\n", encoding="utf-8")
        raise UserError(f"the simulation did not end well: {str(error).splitlines()[0]} "
                        f"(details: {log}).") from None
    if waves:
        record.notices.append(_publish_waves(config, out, direct=direct))
    progress("writing the report", 0, 0)
    return write_report(record, out)


def _program(config: DieConfig, path: Path | None) -> Program | None:
    """What judges the frames: the file's program, or the packaged one if it fits."""
    if path is None:
        return packaged_program(config)
    if config.npu is None:
        raise UserError(f"the preset {config.name} has no array to run {path.name}; choose another "
                        f"preset.")
    try:
        program = load_program(path)
        array_registers(config, program)
    except CompileError as error:
        raise UserError(f"{error}.") from None
    except ConfigError as error:
        raise UserError(f"{path.name} cannot be used: {error}") from None
    require_room(config.npu, program)
    return program


def _publish_waves(config: DieConfig, out: Path, *, direct: bool) -> str:
    """Move the waveforms out of the run's folder, with layouts beside them; say where they are."""
    simulator = build_simulator(config, direct=direct, waves=True)
    waves = out / f"waves.{simulator.waves}"
    (out / "run" / waves.name).replace(waves)
    gtkwave, surfer = write_wave_layouts(simulator.directory / "top.v", waves)
    notice = (f"Waveforms: gtkwave {gtkwave}, or surfer {waves} --command-file {surfer}")
    if simulator.waves == "vcd":
        notice += "; install liblz4-dev and zlib1g-dev for the smaller FST"
    return notice + "."
