# SPDX-License-Identifier: Apache-2.0
"""The driver's host on two open-drain wires; runs inside the simulator for test_wires.py."""

import cocotb
from cocotb.simtime import get_sim_time
from cocotb.triggers import ClockCycles, FallingEdge, Timer

from tapetum.cci.cci_target import DEVICE_ADDRESS
from tapetum_sim.ccs import DriverSetup, NakError, Read, StreamSetup, Write, probe, start, stop
from tapetum_sim.simulator import parameters, publish

WAKE_CYCLES = 8000


class WireHost:
    """Makes transactions with clocks of two fifths high, data changing in the low."""

    def __init__(self, dut, frequency_hz):
        self.dut, self.fifth_ps = dut, round(1e12 / frequency_hz / 5)
        self.transactions, self.busy_ps = 0, 0

    async def _wait(self, fifths):
        await Timer(fifths * self.fifth_ps, unit="ps")

    async def _bit(self, level):
        """From the clock's fall to its next; what the wire was while it was high."""
        self.dut.scl.value = 0
        await self._wait(1)
        self.dut.sda.value = level
        await self._wait(2)
        self.dut.scl.value = 1
        await self._wait(1)
        seen = level and int(not self.dut.pull_sda.value)
        await self._wait(1)
        return seen

    async def _start(self):
        self.dut.sda.value = 0
        await self._wait(3)

    async def _stop(self):
        await self._bit(0)
        self.dut.sda.value = 1
        await self._wait(3)

    async def _put(self, byte):
        for place in range(7, -1, -1):
            await self._bit(byte >> place & 1)
        return not await self._bit(1)

    async def _get(self, acknowledge):
        byte = 0
        for _ in range(8):
            byte = byte << 1 | await self._bit(1)
        await self._bit(int(not acknowledge))
        return byte

    async def make(self, transaction):
        """Its answer, or None if it was not acknowledged."""
        began = get_sim_time("ps")
        data = transaction.data if isinstance(transaction, Write) else b""
        await self._start()
        taken = [await self._put(byte) for byte in (
            DEVICE_ADDRESS << 1, *transaction.address.to_bytes(2, "big"), *data)]
        answer = data
        if isinstance(transaction, Read):
            await self._bit(1)
            await self._start()
            taken.append(await self._put(DEVICE_ADDRESS << 1 | 1))
            last = transaction.count - 1
            answer = bytes([await self._get(index < last) for index in range(transaction.count)])
        await self._stop()
        self.transactions += 1
        self.busy_ps += get_sim_time("ps") - began
        await self._wait(5)
        return answer if all(taken) else None

    async def play(self, sequence):
        answer = None
        while True:
            try:
                transaction = sequence.send(answer)
            except StopIteration as end:
                return end.value
            answer = await self.make(transaction)
            if answer is None:
                raise NakError(f"{transaction}")


@cocotb.test()
async def driver(dut):
    """Probe, start, stop, and start once more in another size, as the driver does."""
    given = parameters()
    dut.scl.value, dut.sda.value, dut.adopt.value = 1, 1, 0
    await FallingEdge(dut.rst)
    await ClockCycles(dut.clk, WAKE_CYCLES)
    host = WireHost(dut, given["frequency_hz"])
    sensor = await host.play(probe(DriverSetup(lanes=given["lanes"])))
    publish(probe_transactions=host.transactions, probe_ms=host.busy_ps / 1e9,
            columns=sensor.columns, rows=sensor.rows, limits=sorted(sensor.limits.items()))
    await host.play(start(sensor))
    await ClockCycles(dut.clk, given["latency_cycles"])
    dut.adopt.value = 1
    await ClockCycles(dut.clk, 1)
    dut.adopt.value = 0
    await ClockCycles(dut.clk, 8)
    assert dut.streaming.value == 1
    read_back = {}
    for address in given["read_back"]:
        read_back[f"{address:04x}"] = bytes(await host.make(Read(address, 2)) or b"").hex()
    publish(faults=int(dut.faults.value), read_back=read_back)
    await host.play(stop())
    assert dut.streaming.value == 0
    before = host.busy_ps
    await host.play(start(sensor, StreamSetup(columns=32, rows=24, data_format=0x0A0A)))
    assert dut.streaming.value == 1
    publish(start_ms=(host.busy_ps - before) / 1e9)
