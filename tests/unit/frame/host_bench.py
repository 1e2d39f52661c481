# SPDX-License-Identifier: Apache-2.0
"""Coroutines that run inside the simulator for test_host_bus.py."""

import cocotb
from cocotb.triggers import FallingEdge

from tapetum_sim.frame.host_bus import HostBus
from tapetum_sim.simulator import parameters, publish


@cocotb.test()
async def share(dut):
    """Writers and a reader begin in the same instant; publish what was read."""
    bus = HostBus(dut, cycle_ps=10_000)
    await FallingEdge(dut.rst)
    await bus.write([(address, 255 - address) for address in range(256)])
    answers = []

    async def read():
        for addresses in parameters()["reads"]:
            answers.append(await bus.read(addresses))

    tasks = [cocotb.start_soon(bus.write([tuple(write) for write in writes]))
             for writes in parameters()["writers"]]
    for task in [*tasks, cocotb.start_soon(read())]:
        await task
    publish(answers=answers)
