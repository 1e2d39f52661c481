# SPDX-License-Identifier: Apache-2.0
"""What a measurement is given: a die, a way to take frames with it, and what was taken before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tapetum.config import DieConfig

from .backends import Backend, Progress, take
from .plan import Plan
from .shot import Shot

__all__ = ["Context"]

Result = TypeVar("Result")


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
    compared, mismatches : int
        Values of all shots held against the models.
    """

    config: DieConfig
    backend: Backend = Backend.RTL
    seed: int = 1
    frames: int = 4
    directory: Path = Path("build/characterise/run")
    progress: Progress = lambda text, done, total: None
    compared: int = 0
    mismatches: int = 0
    _kept: dict[str, Any] = field(default_factory=dict)

    def take(self, plan: Plan) -> Shot:
        """Take the plan's frames."""
        shot = take(self.backend, self.config, plan, seed=self.seed, directory=self.directory,
                    progress=self.progress)
        self.compared += shot.compared
        self.mismatches += shot.mismatches
        return shot

    def once(self, name: str, make: Callable[["Context"], Result]) -> Result:
        """What ``make`` returned when it was first asked for under this name."""
        if name not in self._kept:
            self._kept[name] = make(self)
        return self._kept[name]
