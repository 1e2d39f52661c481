# SPDX-License-Identifier: Apache-2.0
"""What a run of the whole die is asked to do; it travels to the simulator as a file."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tapetum.config import DieConfig

from ..pixel_die import PixelDie
from .way import Way

__all__ = ["Action", "Setup", "Stimulus"]

_FILE = "setup.pickle"


class Action(Enum):
    """What a stimulus does."""

    WRITE = "write a register"
    SYNC_PULSE = "pulse the external sync pin"
    STALL = "hold or release the PHY"
    STOP = "end streaming"


@dataclass(frozen=True, kw_only=True)
class Stimulus:
    """One thing that the host or the world does at a time of the run.

    Parameters
    ----------
    after_cycles : int
        ``sync`` cycles after streaming began.
    writes : tuple of (address, byte)
        For ``WRITE``.
    value : int
        For ``STALL``: 1 holds, 0 releases.
    """

    after_cycles: int
    action: Action
    writes: tuple[tuple[int, int], ...] = ()
    value: int = 0


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A run: what the pixel die sees, what the host writes before and during streaming.

    ``frames`` is 0 where they end when the host says so.
    """

    config: DieConfig
    pixel_die: PixelDie
    frames: int = 0
    writes: Sequence[tuple[int, int]] = ()
    stimuli: Sequence[Stimulus] = ()
    way: Way = Way.BUS

    def save(self, directory: Path) -> None:
        """Write to the folder of a run."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / _FILE).write_bytes(pickle.dumps(self))

    @staticmethod
    def load(directory: Path) -> "Setup":
        """Read from the folder of a run, inside the simulator."""
        return pickle.loads((directory / _FILE).read_bytes())
