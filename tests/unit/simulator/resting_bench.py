# SPDX-License-Identifier: Apache-2.0
"""Coroutine that runs inside the simulator for test_clock_requests.py."""

import cocotb
from cocotb.simtime import get_sim_time
from cocotb.triggers import RisingEdge, Timer

from tapetum_sim.simulator import publish


@cocotb.test()
async def rest(dut):
    """Publish when each clock rose and when it was wanted."""
    times: dict[str, list[int]] = {"adc": [], "rises": [], "falls": []}

    async def edges():
        while True:
            await RisingEdge(dut.adc_clk)
            times["adc"].append(int(get_sim_time("ps")))

    async def requests():
        while True:
            await dut.wanted.value_change
            times["rises" if int(dut.wanted.value) else "falls"].append(int(get_sim_time("ps")))

    cocotb.start_soon(edges())
    cocotb.start_soon(requests())
    await Timer(4_000_000, "ps")
    publish(times=times, count=int(dut.count.value))
