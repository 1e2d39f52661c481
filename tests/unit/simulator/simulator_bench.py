# SPDX-License-Identifier: Apache-2.0
"""Coroutines that run inside the simulator for test_simulator.py."""

import cocotb
from cocotb.simtime import get_sim_time
from cocotb.triggers import Edge, FallingEdge, ReadOnly, ReadWrite, RisingEdge, Timer

from tapetum_sim.simulator import (
    flush_recordings,
    parameters,
    post,
    publish,
    report_progress,
    run_directory,
)


@cocotb.test()
async def edges(dut):
    """Publish the times at which each clock rises."""
    times: dict[str, list[int]] = {"clk": [], "adc_clk": [], "byte_clk": []}

    async def watch(name):
        while len(times[name]) < parameters()["edges"]:
            await RisingEdge(getattr(dut, name))
            times[name].append(int(get_sim_time("ps")))

    for task in [cocotb.start_soon(watch(name)) for name in times]:
        await task
    publish(times=times)


@cocotb.test()
async def ordering(dut):
    """A reaction to an event is seen by the next clock edge, and by none before."""
    await FallingEdge(dut.rst)
    for command in range(1, 6):
        await Edge(dut.event)
        at_event = int(dut.count.value)
        dut.command.value = command
        await ReadWrite()
        assert dut.command.value == command
        assert dut.seen.value == command - 1, "the write passed the edge that caused it"
        await ReadOnly()
        assert dut.count.value == at_event
        await RisingEdge(dut.clk)
        assert dut.count.value == at_event, "after RisingEdge(clk) registers read as before it"
        assert dut.seen.value == command - 1
        await RisingEdge(dut.clk)
        assert dut.count.value == at_event + 1
        assert dut.seen.value == command, "the next edge must have taken the write"
    report_progress(1, 2, "ordering")
    # A write in the time step of an edge acts after that edge, whoever makes it.
    await RisingEdge(dut.clk)
    dut.command.value = 77
    await RisingEdge(dut.clk)
    assert dut.seen.value == 5
    await Timer(parameters()["sync_period_ps"], "ps")  # ends on an edge, comes before it
    assert dut.seen.value == 77
    dut.command.value = 78
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
    assert dut.seen.value == 77
    await RisingEdge(dut.clk)
    assert dut.seen.value == 78


@cocotb.test()
async def mailbox(dut):
    """A posted letter arrives with the next load, padded, and stays."""
    await FallingEdge(dut.rst)
    assert dut.letter.value == 0
    for letter in (0xFEDC_BA98_7654_3210_0123_4567_8, 5):
        letter &= (1 << 100) - 1
        post("letters", letter.to_bytes(13, "little"))
        await RisingEdge(dut.clk)
        dut.load.value = 1
        await RisingEdge(dut.clk)
        dut.load.value = 0
        await RisingEdge(dut.clk)
        assert int(dut.letter.value) == letter
    for name, size in (("nobody", 4), ("letters", 17)):
        try:
            post(name, bytes(size))
        except ValueError:
            pass
        else:
            raise AssertionError("post took a letter that fits no mailbox")


@cocotb.test()
async def reset(dut):
    """All state returns while a reset is requested, and counting starts again."""
    await FallingEdge(dut.rst)
    await Timer(1, "us")
    assert int(dut.count.value) > 90
    dut.reset_request.value = 1
    await Timer(1, "us")
    assert dut.rst.value == 1
    assert dut.adc_rst.value == 1
    assert dut.count.value == 0
    dut.reset_request.value = 0
    await FallingEdge(dut.rst)
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
    assert dut.count.value == 1


@cocotb.test()
async def beats(dut):
    """Let the recorders run and say where it ended."""
    await FallingEdge(dut.rst)
    for _ in range(parameters()["events"]):
        await Edge(dut.event)
    publish(count=int(dut.count.value), adc_count=int(dut.adc_count.value))


@cocotb.test()
async def flushed(dut):
    """Look at a recording before and after it is handed on."""
    await FallingEdge(dut.rst)
    for _ in range(5):
        await Edge(dut.event)
    path = run_directory() / "wide.beats"
    before = path.stat().st_size
    flush_recordings()
    publish(sizes=[before, path.stat().st_size])


@cocotb.test()
async def failing(dut):
    """A test that fails in words."""
    await FallingEdge(dut.rst)
    assert dut.count.value == 12345, "the count is not what it was said to be"


@cocotb.test()
async def endless(dut):
    """A test that waits for what never comes."""
    report_progress(1, 4, "waiting")
    await Edge(dut.command)
