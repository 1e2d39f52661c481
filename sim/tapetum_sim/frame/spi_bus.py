# SPDX-License-Identifier: Apache-2.0
"""The host's side of the SPI port, as coroutines of a test bench."""

from collections.abc import Iterable, Sequence

from cocotb.triggers import Lock

from ..host_spi import SpiHost
from ..simulator import post
from .spi_wires import HEARD_BYTES, SPI_TRANSFER, transfer_letter

__all__ = ["SpiBus"]


class SpiBus:
    """Writes and reads bytes through the `SpiWires` of a top level, as `HostBus` does on the bus.

    Parameters
    ----------
    dut : handle
        Top level with ``spi_post``, ``spi_done`` and ``spi_heard``.
    """

    def __init__(self, dut):
        self._dut, self._posted, self._free = dut, 0, Lock()
        self._host = SpiHost(self._exchange)

    async def write(self, writes: Sequence[tuple[int, int]]) -> None:
        """Write bytes, ``(address, byte)``; they have reached their registers when this returns."""
        async with self._free:
            await self._host.write(writes)
            await self._host.settled()

    async def read(self, addresses: Iterable[int]) -> list[int]:
        """Read bytes, with no write of another coroutine between them."""
        async with self._free:
            return await self._host.read(addresses)

    async def _exchange(self, message: bytes) -> bytes:
        post(SPI_TRANSFER, transfer_letter(message))
        self._posted ^= 1
        self._dut.spi_post.value = self._posted
        await self._dut.spi_done.value_change
        heard = int(self._dut.spi_heard.value)
        return heard.to_bytes(HEARD_BYTES, "big")[-min(len(message), HEARD_BYTES):]
