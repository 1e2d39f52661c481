# SPDX-License-Identifier: Apache-2.0
"""The host's side of the register bus, as coroutines of a test bench."""

from collections.abc import Iterable, Sequence

from cocotb.triggers import Lock, RisingEdge, Timer

from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES

from ..simulator import post
from .host_writes import HOST_WRITES, letters

__all__ = ["HostBus"]


class HostBus:
    """Writes and reads bytes through the `HostWrites` of a top level.

    Any number of coroutines may use it at once: accesses of one never fall into a letter, or into a
    read, of another, and those of each keep their order.

    Parameters
    ----------
    dut : handle
        Top level with ``host_post``, ``host_done``, ``host_read``, ``host_address`` and
        ``host_read_data``.
    cycle_ps : float
        Period of its clock ``sync``.
    """

    def __init__(self, dut, cycle_ps: float):
        self._dut = dut
        # `HostWrites` passes a read on with its next clock.
        self._read_ps = round(ACCESS_INTERVAL_CYCLES * cycle_ps)
        self._posted = 0
        self._free = Lock()
        for pin in (dut.host_post, dut.host_read, dut.host_address):
            pin.value = 0

    async def write(self, writes: Sequence[tuple[int, int]]) -> None:
        """Write bytes, ``(address, byte)``, as fast as the bus takes them."""
        for letter in letters(writes):
            async with self._free:
                post(HOST_WRITES, letter)
                self._posted ^= 1
                self._dut.host_post.value = self._posted
                await self._dut.host_done.value_change

    async def read(self, addresses: Iterable[int]) -> list[int]:
        """Read bytes, with no write of another coroutine between them."""
        async with self._free:
            return [await self._read(address) for address in addresses]

    async def _read(self, address: int) -> int:
        self._dut.host_address.value = address
        self._dut.host_read.value = 1
        await RisingEdge(self._dut.clk)
        self._dut.host_read.value = 0
        # One event instead of one per clock; it ends just before an edge.
        await Timer(self._read_ps, "ps")
        await RisingEdge(self._dut.clk)
        return int(self._dut.host_read_data.value)
