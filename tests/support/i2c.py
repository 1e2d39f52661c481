# SPDX-License-Identifier: Apache-2.0
"""An I2C host on two open-drain lines, with all the manners and none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from amaranth import *

__all__ = ["I2cHost", "OpenDrainLines", "packet_error_code"]


def packet_error_code(message: Sequence[int]) -> int:
    """CRC-8 of SMBus, bit by bit from its definition."""
    code = 0
    for byte in message:
        code ^= byte
        for _ in range(8):
            code = (code << 1 ^ (0x107 if code & 0x80 else 0)) & 0xFF
    return code


class OpenDrainLines(Elaboratable):
    """A target on two lines that a host pulls down as well.

    Attributes
    ----------
    scl, sda : Signal
        What the host does; low pulls.
    spikes : Signal(2)
        The other level, on clock and data.
    """

    def __init__(self, target: Any):
        self.target = target
        self.scl, self.sda, self.spikes = Signal(init=1), Signal(init=1), Signal(2)

    def elaborate(self, platform):
        m = Module()
        m.submodules.target = target = self.target
        m.d.comb += [target.scl.eq(self.scl ^ self.spikes[0]),
                     target.sda.eq((self.sda & ~target.pull_sda) ^ self.spikes[1])]
        return m


@dataclass
class I2cHost:
    """A host; what it sees is the wired AND of both sides.

    Parameters
    ----------
    phase_cycles : int
        Clocks of each half of a bit.
    spike_cycles : int
        Length of spikes that it puts on the lines, 0 for none.
    """

    ctx: Any
    lines: OpenDrainLines
    phase_cycles: int
    spike_cycles: int = 0
    random: Random = field(default_factory=lambda: Random(1))
    scl: int = 1
    sda: int = 1

    async def start(self) -> None:
        """From a resting bus, or repeated."""
        if not self.scl:
            await self._set(sda=1)
            await self._wait()
            await self._set(scl=1)
            await self._wait()
        await self._set(sda=0)
        await self._wait()
        await self._set(scl=0)
        await self._wait()

    async def stop(self) -> None:
        await self._set(sda=0)
        await self._wait()
        await self._set(scl=1)
        await self._wait()
        await self._set(sda=1)
        await self._wait()

    async def bit(self, level: int) -> int:
        """One bit; what the line was while the clock was high."""
        await self._set(sda=level)
        await self._wait()
        await self._set(scl=1)
        await self._wait()
        seen = self.sda & ~self.ctx.get(self.lines.target.pull_sda) & 1
        await self._set(scl=0)
        # The data line must hold still for a moment behind the clock.
        await self._pause(1)
        return seen

    async def put(self, byte: int) -> bool:
        """A byte; whether it was acknowledged."""
        for place in range(7, -1, -1):
            await self.bit(byte >> place & 1)
        return not await self.bit(1)

    async def get(self, *, acknowledge: bool) -> int:
        byte = 0
        for _ in range(8):
            byte = byte << 1 | await self.bit(1)
        await self.bit(not acknowledge)
        return byte

    async def write(self, device: int, index: int, data: Sequence[int], *, stop: bool = True
                    ) -> bool:
        """Write to ascending addresses; whether every byte was acknowledged."""
        await self.start()
        acknowledged = [await self.put(byte) for byte in (device << 1, index >> 8, index & 0xFF,
                                                          *data)]
        if stop:
            await self.stop()
        return all(acknowledged)

    async def read(self, device: int, count: int, *, index: int | None = None) -> list[int] | None:
        """Read from ``index``, or on from where the last transfer ended; None without an answer."""
        acknowledged = index is None or await self.write(device, index, (), stop=False)
        await self.start()
        if not (await self.put(device << 1 | 1) and acknowledged):
            await self.stop()
            return None
        data = [await self.get(acknowledge=place < count - 1) for place in range(count)]
        await self.stop()
        return data

    async def leave(self) -> None:
        """Let go of both lines at once, wherever the transfer stands."""
        await self._set(scl=1)
        await self._set(sda=1)

    async def _set(self, *, scl: int | None = None, sda: int | None = None) -> None:
        self.scl = self.scl if scl is None else int(scl)
        self.sda = self.sda if sda is None else int(sda)
        self.ctx.set(self.lines.scl, self.scl)
        self.ctx.set(self.lines.sda, self.sda)
        await self._pause(1)

    async def _wait(self) -> None:
        await self._pause(self.phase_cycles - 1)

    async def _pause(self, cycles: int) -> None:
        """Clocks, with a spike among them that is over before the next edge."""
        room = cycles - self.spike_cycles - 1
        if not self.spike_cycles or room <= 0:
            await self.ctx.tick().repeat(cycles)
            return
        before = self.random.randrange(room)
        for length, spikes in ((before, 0), (self.spike_cycles, self.random.randrange(1, 4)),
                               (cycles - before - self.spike_cycles, 0)):
            self.ctx.set(self.lines.spikes, spikes)
            if length:
                await self.ctx.tick().repeat(length)
