# SPDX-License-Identifier: Apache-2.0
"""What is to be simulated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tapetum.config import DieConfig
from tapetum.npu.program import Program

from ..pixel_die import PixelDie
from .setup import Stimulus
from .way import Way

__all__ = ["Request"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to run.

    Parameters
    ----------
    registers : mapping
        Values that the host writes before streaming, by name.
    windows : mapping
        Entries that the host writes into memory windows before that, by name.
    programs : sequence of Program
        The first one is in the array when streaming begins; stimuli may load the others.
    stimuli : sequence of Stimulus
        What happens during streaming.
    direct : bool
        Load trip codes as counts instead of converting them; the codes are the same.
    way : Way
        How the host reaches the die before it streams.
    """

    config: DieConfig
    pixel_die: PixelDie
    frames: int = 2
    seed: int = 1
    scene_name: str = ""
    registers: Mapping[str, int] = field(default_factory=dict)
    windows: Mapping[str, Sequence[int]] = field(default_factory=dict)
    programs: tuple[Program, ...] = ()
    stimuli: tuple[Stimulus, ...] = ()
    direct: bool = False
    way: Way = Way.BUS
    waves: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
