# SPDX-License-Identifier: Apache-2.0
"""Coroutines that run inside the simulator for test_upload.py."""

import cocotb
from cocotb.triggers import FallingEdge
from cocotb.utils import get_sim_time

from tapetum_sim.frame.spi_bus import SpiBus
from tapetum_sim.host import RegisterMap
from tapetum_sim.simulator import publish, run_directory
from unit.spi.upload_top import upload_config


@cocotb.test()
async def upload(dut):
    """Send the image of the run's folder; publish how long it took and what the die says of it."""
    spi, registers = SpiBus(dut), RegisterMap(upload_config())
    dut.spi_post.value, dut.reset_request.value = 0, 0
    window = registers.windows["program"]
    image = (run_directory() / "image.bin").read_bytes()
    writes = [*registers.write({"program_bank": 0, "program_control": 1}),
              *((window.address + place % window.size_bytes, byte)
                for place, byte in enumerate(image))]
    await FallingEdge(dut.rst)
    while (await spi.read(registers.read("software_reset")))[0]:
        pass
    began = get_sim_time("ns")
    await spi.write(writes)
    took = get_sim_time("ns") - began
    said = {name: registers.decode(name, await spi.read(registers.read(name)))
            for name in ("program_bytes", "spi_blocks_accepted", "spi_blocks_refused")}
    publish(took_ms=took / 1e6, **said)
