# SPDX-License-Identifier: Apache-2.0
"""Lets the clocks of a simulated board run until it is told to stop. Runs inside the simulator."""

from pathlib import Path

import cocotb
from cocotb.triggers import Timer

from tapetum_sim.simulator import parameters

__all__ = ["run_board"]

_LOOK_US = 200


@cocotb.test()
async def run_board(dut) -> None:
    """Ends when the file is gone that the caller made, or left behind when it died."""
    alive = Path(parameters()["alive"])
    while alive.exists():
        await Timer(_LOOK_US, "us")
    assert not dut.memory_misused.value, "the memory was misused"
