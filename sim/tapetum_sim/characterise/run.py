# SPDX-License-Identifier: Apache-2.0
"""From what a user asks for to a finished report."""

import shutil
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tapetum.presets import preset as preset_named

from ..errors import UserError
from ..output import check_folder
from ..scenes import load_scene
from ..simulator import BuildError, SimulationError
from .backends import Backend, Progress
from .catalogue import choose
from .context import Context
from .scene_error import scene_error
from .write import Outcome, write_report

__all__ = ["characterise"]


def characterise(*, preset: str, only: Sequence[str] = (), scenes: Sequence[str] = (),
                 backend: Backend = Backend.RTL, frames: int = 8, seed: int = 1, jobs: int = 2,
                 out: Path,
                 progress: Progress = lambda text, done, total: None) -> Outcome:
    """Measure, write the report, return what it holds.

    With ``scenes`` only these are measured, else every measurement or those of ``only``; ``jobs``
    simulators run at once.

    Raises
    ------
    UserError
        A name or file that cannot be used, or a run that did not end.
    """
    config = preset_named(preset)
    entries = [] if scenes and not only else choose(config, only, backend)
    started = time.perf_counter()
    check_folder(out)
    for name in scenes:
        load_scene(config, name)  # refused before anything is built
    recordings = out / "run"
    context = Context(config=config, backend=backend, seed=seed, frames=frames,
                      directory=recordings, progress=progress)
    try:
        for stale in ("failure.log", "report.json", "report.html"):
            (out / stale).unlink(missing_ok=True)
        # The longest shots are listed last.
        wanted = dict.fromkeys(shot for entry in reversed(entries) for shot in entry.shots)
        context.prepare([*wanted, *(partial(scene_error, name=name) for name in scenes)], jobs)
        measurements = [entry.measure(context) for entry in entries]
        errors = [scene_error(context, name) for name in scenes]
    except (BuildError, SimulationError) as error:
        log = out / "failure.log"
        log.write_text(str(error) + "\n", encoding="utf-8")
        raise UserError(f"the simulation did not end well: {str(error).splitlines()[0]} "
                        f"(details: {log}).") from None
    shutil.rmtree(recordings, ignore_errors=True)
    progress("writing the report", 0, 0)
    options: dict[str, Any] = {"only": list(only), "scenes": list(scenes), "frames": frames}
    outcome = Outcome(context=context, preset=preset, options=options,
                      measurements=measurements, scenes=errors,
                      wall_s=time.perf_counter() - started)
    write_report(outcome, out)
    return outcome
