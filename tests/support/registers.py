# SPDX-License-Identifier: Apache-2.0
"""A host on the register bus, for testbenches on Amaranth's simulator."""

from collections.abc import Iterable

from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES, READ_LATENCY_CYCLES

__all__ = ["RegisterHost"]


class RegisterHost:
    """Writes and reads bytes as fast as the bus allows.

    Parameters
    ----------
    ctx : SimulatorContext
    bus : RegisterBus
        The port of the design under test.
    """

    def __init__(self, ctx, bus):
        self.ctx, self.bus = ctx, bus

    async def write(self, accesses: Iterable[tuple[int, int]]) -> None:
        """Write ``(address, byte)`` pairs in order."""
        ctx, bus = self.ctx, self.bus
        for address, byte in accesses:
            ctx.set(bus.address, address)
            ctx.set(bus.write_data, byte)
            ctx.set(bus.write, 1)
            await ctx.tick()
            ctx.set(bus.write, 0)
            await ctx.tick().repeat(ACCESS_INTERVAL_CYCLES - 1)

    async def read(self, addresses: Iterable[int]) -> list[int]:
        """Read bytes in order; asserts the latency of each."""
        ctx, bus = self.ctx, self.bus
        content = []
        for address in addresses:
            ctx.set(bus.address, address)
            ctx.set(bus.read, 1)
            await ctx.tick()
            ctx.set(bus.read, 0)
            await ctx.tick().repeat(READ_LATENCY_CYCLES - 2)
            assert not ctx.get(bus.read_valid), f"0x{address:04x} was answered early"
            await ctx.tick()
            assert ctx.get(bus.read_valid), f"0x{address:04x} was not answered in time"
            content.append(ctx.get(bus.read_data))
            await ctx.tick().repeat(ACCESS_INTERVAL_CYCLES - READ_LATENCY_CYCLES)
        return content

    async def read_value(self, address: int, width_bytes: int) -> int:
        """Read a big-endian register."""
        return int.from_bytes(await self.read(range(address, address + width_bytes)), "big")
