# SPDX-License-Identifier: Apache-2.0
"""The cocotb bench of the array: loads letters, starts, reads the result."""

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, RisingEdge

from tapetum.npu.engine import Engine

from ..simulator import parameters, post, publish, report_progress, run_directory

__all__ = ["inference"]


@cocotb.test()
async def inference(dut):
    """Load the letters of the run's folder and run once."""
    given = parameters()
    for name in ("load", "start", "result_index"):
        getattr(dut, name).value = 0
    for name in ("row_words", "rows", "word_cycles", "row_period"):
        getattr(dut, name).value = given[name]
    await FallingEdge(dut.rst)
    await RisingEdge(dut.clk)
    letters = np.load(run_directory() / "letters.npy")
    for number, letter in enumerate(letters):
        post("letters", letter)
        dut.load.value = 1
        await FallingEdge(dut.loaded)
        dut.load.value = 0
        await RisingEdge(dut.loaded)
        if number % 32 == 0:
            report_progress(number, len(letters), "loading the array")
    report_progress(1, 1, "running the array")
    dut.start.value = 1
    await FallingEdge(dut.ended)
    dut.start.value = 0
    await RisingEdge(dut.ended)
    await RisingEdge(dut.clk)
    counts = {name: int(getattr(dut, name).value)
              for name in ("cycles", "steps", "last_input", "overrun")}
    result = []
    for index in range(given["result_words"]):
        dut.result_index.value = index
        for _ in range(Engine.result_cycles + 1):
            await RisingEdge(dut.clk)
        result.append(int(dut.result_word.value))
    publish(result=result, **counts)
