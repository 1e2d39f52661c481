# SPDX-License-Identifier: Apache-2.0
"""The simulator of a whole die whose logic is the netlist of an ECP5."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from tapetum.config import DieConfig

from ..frame.top import CLOCK_REQUESTS, DOMAINS, SimulationTop, watched_signals
from ..simulator import Build, build
from .ecp5_netlist import Ecp5Netlist

__all__ = ["build_netlist_simulator"]

_DIE_DOMAINS = tuple(domain for domain in DOMAINS if domain != "host")


def build_netlist_simulator(config: DieConfig, folder: Path, *,
                            progress: Callable[[str], None] = lambda step: None) -> Build:
    """Like `frame.build.build_simulator`; `folder` keeps the netlist.

    What the bench watches within the die are outputs of the netlist as well: registers there that
    synthesis would move or share stay where they are.
    """
    top = SimulationTop(config, stand_in=lambda die: Ecp5Netlist(
        die, "die_netlist", domains=_DIE_DOMAINS, watched=watched_signals(die)))
    progress("synthesis for an ECP5")
    module = cast(Ecp5Netlist, top.stand_in).synthesise(folder)
    return build(top, domains=DOMAINS, clock_requests=CLOCK_REQUESTS, profile="netlist",
                 modules=[module], progress=progress)
