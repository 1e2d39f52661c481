# SPDX-License-Identifier: Apache-2.0
"""Runs inside the simulator for test_clock_gate.py."""

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from tapetum_sim.simulator import parameters, publish


@cocotb.test()
async def count(dut):
    """Let it run, reset it once on the way, publish what was counted."""
    await FallingEdge(dut.rst)
    for _ in range(parameters()["cycles"] // 2):
        await RisingEdge(dut.clk)
    dut.reset_request.value = 1
    await RisingEdge(dut.rst)
    dut.reset_request.value = 0
    await FallingEdge(dut.rst)
    for _ in range(parameters()["cycles"] // 2):
        await RisingEdge(dut.clk)
    publish(**{name: int(getattr(dut, name).value)
               for name in ("cycles", "awake_cycles", "gated_cycles", "words", "differences",
                            "early_differences")})
