# SPDX-License-Identifier: Apache-2.0
"""From what a user asks for to a finished report."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tapetum.presets import preset as preset_named

from ..errors import UserError
from ..host import RegisterError, RegisterMap
from ..pixel_die import PixelDie, PixelDieParameters
from ..report.write import write_report
from ..scenes import load_scene
from ..simulator import BuildError, SimulationError
from .run import Request, run_die
from .setup import Stimulus

__all__ = ["simulate"]


def simulate(*, preset: str, scene: str, frames: int, seed: int, out: Path,
             registers: Mapping[str, int], electrons_per_second: float | None = None,
             temperature_celsius: float = 25.0, ideal: bool = False, waves: bool = False,
             stimuli: tuple[Stimulus, ...] = (),
             progress: Callable[[str, float, float], None] = lambda text, done, total: None
             ) -> dict[str, Any]:
    """Run, compare, report; return what ``report.json`` holds.

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
    progress("preparing the scene", 0, 0)
    light = load_scene(config, scene, electrons_per_second=electrons_per_second)
    pixel_die = PixelDie(
        config, light, PixelDieParameters.ideal() if ideal else PixelDieParameters(), seed=seed,
        temperature_celsius=temperature_celsius)
    request = Request(
        config=config, pixel_die=pixel_die, frames=frames, seed=seed, scene_name=scene,
        registers=dict(registers), stimuli=stimuli, waves=waves,
        options={"registers": dict(registers), "electrons_per_second": light.electrons_per_second,
                 "temperature_celsius": temperature_celsius, "ideal": ideal})
    try:
        record = run_die(request, out / "run", progress=progress)
    except (BuildError, SimulationError) as error:
        out.mkdir(parents=True, exist_ok=True)
        log = out / "failure.log"
        log.write_text(str(error) + "\n", encoding="utf-8")
        raise UserError(f"the simulation did not end well: {str(error).splitlines()[0]} "
                        f"(details: {log}).") from None
    progress("writing the report", 0, 0)
    return write_report(record, out)
