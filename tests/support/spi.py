# SPDX-License-Identifier: Apache-2.0
"""A host on the four pins of the SPI port, and what can go wrong on its way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["SpiLine"]

_HALF_NS = 20.0
"""25 MHz."""


@dataclass
class SpiLine:
    """Makes transfers in mode 0; what it hears is sampled as the clock rises.

    Parameters
    ----------
    port : component
        With the pins of `Spi`.
    half_ns : float
        Half a bit; between transfers the selection is released for a whole one.
    damage : function
        Of the bits of a transfer: what the die gets of them, of any length.
    """

    ctx: Any
    port: Any
    half_ns: float = _HALF_NS
    damage: Callable[[list[int]], Sequence[int]] = list

    async def exchange(self, message: bytes) -> bytes:
        """One transfer; what comes back, shorter by bytes that were cut off."""
        return await self.bits(self.damage([byte >> place & 1 for byte in message
                                            for place in range(7, -1, -1)]))

    async def bits(self, bits: Sequence[int]) -> bytes:
        """A transfer of any number of bits."""
        ctx, port, heard = self.ctx, self.port, 0
        ctx.set(port.select, 0)
        await self._wait()
        for bit in bits:
            ctx.set(port.data_in, bit)
            await self._wait()
            assert ctx.get(port.drive)
            heard = heard << 1 | ctx.get(port.data_out)
            ctx.set(port.clock, 1)
            await self._wait()
            ctx.set(port.clock, 0)
        await self._wait()
        ctx.set(port.select, 1)
        await self.pause(2 * self.half_ns)
        assert not ctx.get(port.drive)
        whole = len(bits) // 8
        return (heard >> len(bits) % 8).to_bytes(whole, "big")

    async def foreign(self, bits: Sequence[int]) -> None:
        """The clock runs for another device on the same wires."""
        for bit in bits:
            self.ctx.set(self.port.data_in, bit)
            for level in (1, 0):
                await self._wait()
                self.ctx.set(self.port.clock, level)

    async def pause(self, ns: float) -> None:
        await self.ctx.delay(ns * 1e-9)

    async def _wait(self) -> None:
        await self.pause(self.half_ns)
