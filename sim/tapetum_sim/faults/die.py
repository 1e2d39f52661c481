# SPDX-License-Identifier: Apache-2.0
"""A campaign on the whole die: its simulator, what it does meanwhile, and what is drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amaranth.lib import wiring

from tapetum.config import DieConfig
from tapetum.die import Die
from tapetum.presets import preset as preset_named

from ..errors import UserError
from ..frame.run import clocks
from ..frame.top import CLOCK_REQUESTS, DOMAINS, SimulationTop
from ..simulator import BuildError
from .build import FaultSimulator, build_fault_simulator
from .campaign import (
    faults_without_faults,
    note_campaign,
    noted_campaign,
    read_results,
    run_injections,
)
from .directed import directed_campaign
from .outcome import Result, mechanism_names, results_of, safety_bits
from .sample import FLIP_FLOPS_FROM, Injection, Kind, Stratum, draw
from .scenario import Scenario, streaming_scenario

__all__ = ["Campaign", "room_names", "run_campaign", "run_one"]

_SINKS = (r"^control\.faults\.", r"^safety\.monitor\.found$", r"^safety\.monitor\.alarm$")
"""Registers that tell of faults and act on nothing else."""
_FOUND = "safety.monitor.found"

Progress = Callable[[str, float, float], None]


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A campaign as far as it has come.

    Parameters
    ----------
    wanted : int
        Faults that were asked for.
    directed : list
        What came of the lists of `directed_campaign`.
    always_raised : tuple of str
        Faults that the run without one raises too: nothing can be detected by them.
    """

    config: DieConfig
    options: dict[str, Any]
    simulator: FaultSimulator
    scenario: Scenario
    results: list[Result]
    wanted: int
    directed: list[dict[str, Any]]
    always_raised: tuple[str, ...] = ()


def run_campaign(*, preset: str, injections: int, flip_flops: int, seed: int, out: Path,
                 kinds: Sequence[Kind], room: str | None = None, resume: bool = False,
                 directed: bool = True, jobs: int = 2,
                 progress: Progress = lambda text, done, total: None) -> Campaign:
    """Draw, simulate, judge; ``directed`` also breaks each bond and each row line.

    Raises
    ------
    UserError
        An unknown room, another campaign in the folder, or a simulator that cannot be built.
    """
    options = {"preset": preset, "seed": seed, "kinds": [str(kind) for kind in kinds],
               "room": room}
    config = _config(preset, room)
    note_campaign(out, options, resume=resume)
    simulator, scenario = _prepare(config, out, seed, progress)
    note_campaign(out, {"simulator": simulator.directory.name}, resume=True)
    drawn = _draw(simulator, scenario, injections=injections, flip_flops=flip_flops, seed=seed,
                  kinds=kinds, room=room)
    run_injections(simulator, out / "scenario", clocks(config), drawn, out, jobs=jobs,
                   progress=progress)
    results = list(results_of(simulator.elements, drawn, read_results(out),
                              allowed_ps=scenario.frame_ps, safety=safety_bits(config)))
    lists = directed_campaign(config, simulator, scenario, out, jobs=jobs,
                              progress=progress) if directed else []
    return Campaign(config=config, simulator=simulator, scenario=scenario, results=results,
                    directed=lists,
                    always_raised=mechanism_names(faults_without_faults(out), 0),
                    options={**options, "injections": injections, "flip_flops": flip_flops},
                    wanted=len(drawn))


def run_one(number: int, *, out: Path, progress: Progress = lambda text, done, total: None
            ) -> tuple[Result, dict[str, Any], Scenario]:
    """Simulate one fault of the campaign in ``out`` again; results of that stay as they are.

    Raises
    ------
    UserError
        There is no campaign.
    """
    known = noted_campaign(out)
    if not known:
        raise UserError(f"{out} holds no campaign of which a fault could be repeated; run tapetum "
                        f"faults first, or give its folder with --out.")
    folder, config = out / "only", _config(known["preset"], known["room"])
    simulator, scenario = _prepare(config, folder, known["seed"], progress)
    flips = number >= FLIP_FLOPS_FROM
    drawn = _draw(simulator, scenario, seed=known["seed"], room=known["room"],
                  kinds=[Kind(kind) for kind in known["kinds"]],
                  injections=0 if flips else number + 1,
                  flip_flops=number + 1 - FLIP_FLOPS_FROM if flips else 0)[-1:]
    note_campaign(folder, {}, resume=False)
    run_injections(simulator, folder / "scenario", clocks(config), drawn, folder, jobs=1,
                   progress=progress)
    lines = read_results(folder)
    results = results_of(simulator.elements, drawn, lines, allowed_ps=scenario.frame_ps,
                         safety=safety_bits(config))
    return next(results), lines[0], scenario


def room_names(config: DieConfig) -> list[str]:
    """What may be given as a room: all that the die is composed of."""
    return sorted(name for name, part in vars(Die(config)).items()
                  if isinstance(part, wiring.Component))


def _config(preset: str, room: str | None) -> DieConfig:
    config = preset_named(preset)
    if room is not None and room not in (rooms := room_names(config)):
        raise UserError(f"the die has no room {room!r}; choose one of {', '.join(rooms)}.")
    return config


def _prepare(config: DieConfig, out: Path, seed: int, progress: Progress
             ) -> tuple[FaultSimulator, Scenario]:
    try:
        simulator = build_fault_simulator(
            SimulationTop(config, inject_faults=True), domains=DOMAINS,
            clock_requests=CLOCK_REQUESTS, die="die", sinks=_SINKS,
            progress=lambda step: progress(step, 0, 0))
    except BuildError as error:
        raise UserError(f"the simulator could not be built: {str(error).splitlines()[0]}; install "
                        f"g++, make and perl.") from None
    progress("writing down what the die does", 0, 0)
    found = [index for index, element in enumerate(simulator.elements)
             if element.path == _FOUND]
    scenario = streaming_scenario(config, out / "scenario", seed=seed,
                                  found=found[0] if found else None)
    return simulator, scenario


def _draw(simulator: FaultSimulator, scenario: Scenario, *, injections: int, flip_flops: int,
          seed: int, kinds: Sequence[Kind], room: str | None) -> list[Injection]:
    drawn = []
    for stratum, count in ((Stratum.ALL, injections), (Stratum.FLIP_FLOPS, flip_flops)):
        if count:
            drawn += draw(simulator.elements, stratum=stratum, count=count, seed=seed,
                          window_ps=scenario.window_ps, kinds=kinds, room=room)
    return drawn
