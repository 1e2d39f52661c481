# SPDX-License-Identifier: Apache-2.0
"""Coroutine that runs inside the simulator until a design says that it has finished."""

import cocotb
from cocotb.triggers import RisingEdge

from tapetum_sim.simulator import publish


@cocotb.test()
async def until_finished(dut) -> None:
    """Publishes ``different``, ``moved`` and ``fault``, as far as the design has them."""
    await RisingEdge(dut.finished)
    publish(**{name: int(getattr(dut, name).value) for name in ("different", "moved", "fault")
               if hasattr(dut, name)})
