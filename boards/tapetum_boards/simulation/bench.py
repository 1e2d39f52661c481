# SPDX-License-Identifier: Apache-2.0
"""Lets the clocks of a simulated board run until it is told to stop. Runs inside the simulator."""

import os
from pathlib import Path

import cocotb
from cocotb.triggers import Timer

from tapetum_sim.simulator import parameters

__all__ = ["is_wanted", "run_board"]

_LOOK_US = 200


def is_wanted(alive: Path, caller: int) -> bool:
    """Whether both are there: the file that the caller made, and the caller, a process number."""
    return alive.exists() and os.getppid() == caller


@cocotb.test()
async def run_board(dut) -> None:
    """Ends when nobody wants it any more."""
    given = parameters()
    while is_wanted(Path(given["alive"]), given["caller"]):
        await Timer(_LOOK_US, "us")
    assert not dut.memory_misused.value, "the memory was misused"
