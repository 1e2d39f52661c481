# SPDX-License-Identifier: Apache-2.0
"""What a measurement is given: a die, a way to take frames with it, and what was taken before."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from tapetum.config import DieConfig

from ..frame.build import build_simulator
from .backends import Backend, Progress, take
from .plan import Plan
from .shot import Shot
from .shot_progress import ShotProgress

__all__ = ["Context", "ShotTaken"]

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class ShotTaken:
    """How a shot went: wall time, and values held against the models."""

    name: str
    frames: int
    wall_s: float
    compared: int
    mismatches: int


@dataclass(kw_only=True)
class Context:
    """Takes shots and keeps what several measurements share.

    Parameters
    ----------
    frames : int
        Measured frames of each shot; a plan adds those in which corrections settle.
    directory : Path
        For recordings; one folder per shot.
    progress : callable
        Receives a stage, what is done of it and the total.

    Members
    -------
    shots : list of ShotTaken
    """

    config: DieConfig
    backend: Backend = Backend.RTL
    seed: int = 1
    frames: int = 8
    directory: Path = Path("build/characterise/run")
    progress: Progress = lambda text, done, total: None
    shots: list[ShotTaken] = field(default_factory=list)
    _kept: dict[str, Any] = field(default_factory=dict)
    _locks: dict[str, Lock] = field(default_factory=dict)

    def __post_init__(self):
        self._lock = Lock()
        self._shot_progress = ShotProgress(self.progress)

    def take(self, plan: Plan) -> Shot:
        """Take the plan's frames."""
        started = time.perf_counter()
        shot = take(self.backend, self.config, plan, seed=self.seed, directory=self.directory,
                    progress=self._shot_progress.part(plan.name))
        self._shot_progress.finish(plan.name)
        self.shots.append(ShotTaken(
            name=plan.name, frames=plan.frames, wall_s=round(time.perf_counter() - started, 1),
            compared=shot.compared, mismatches=shot.mismatches))
        return shot

    def once(self, name: str, make: Callable[["Context"], Result]) -> Result:
        """What ``make`` returned when it was first asked for under this name."""
        with self._lock:
            lock = self._locks.setdefault(name, Lock())
        with lock:
            if name not in self._kept:
                self._kept[name] = make(self)
        return self._kept[name]

    def prepare(self, preparations: Iterable[Callable[["Context"], object]], jobs: int) -> None:
        """Call all of them, several at once where a simulator does the work."""
        preparations = list(preparations)
        self._shot_progress.expected = len(preparations)
        if self.backend is Backend.MODEL:
            jobs = 1  # Python would take turns
        elif preparations:
            build_simulator(self.config, direct=self.backend is Backend.RTL,
                            progress=lambda step: self.progress(step, 0, 0))
        with ThreadPoolExecutor(jobs) as pool:
            waiting = [pool.submit(preparation, self) for preparation in preparations]
            try:
                for future in waiting:
                    future.result()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    @property
    def compared(self) -> int:
        """Values of all shots held against the models."""
        return sum(shot.compared for shot in self.shots)

    @property
    def mismatches(self) -> int:
        """Those that differed."""
        return sum(shot.mismatches for shot in self.shots)
