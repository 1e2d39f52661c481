# SPDX-License-Identifier: Apache-2.0
"""An I2C host on the simulated die's two wires."""

from collections.abc import Sequence
from dataclasses import dataclass

from cocotb.triggers import Timer

from ..client.protocol import PICOSECONDS, Message

__all__ = ["I2cHost", "Transferred"]

LOW_SHARE = 0.54
"""Of a bit in which the clock is low: with it, 100 kHz, 400 kHz and 1 MHz keep all times of their
mode (UM10204, table 11)."""


@dataclass(frozen=True, kw_only=True)
class Transferred:
    """What was read; ``refused`` is the message and the byte that was not acknowledged."""

    data: bytes
    refused: tuple[int, int] | None = None


class I2cHost:
    """The one host of the bus, with all manners; each transfer ends with the bus free.

    Parameters
    ----------
    dut : handle
        Top level with ``pull_scl``, ``pull_sda`` and ``sda_level``.
    bus_hz : int
    """

    def __init__(self, dut, bus_hz: int):
        self._dut = dut
        bit_ps = PICOSECONDS / bus_hz
        self._low_ps = round(bit_ps * LOW_SHARE)
        self._high_ps = round(bit_ps) - self._low_ps
        self._sda = 1
        for pin in (dut.pull_scl, dut.pull_sda):
            pin.value = 0

    async def transfer(self, messages: Sequence[Message]) -> Transferred:
        """Play messages, up to the first byte that is not acknowledged."""
        data, refused = bytearray(), None
        for number, message in enumerate(messages):
            await self._start(repeated=number > 0)
            byte = await self._message(message, data)
            if byte is not None:
                refused = number, byte
                break
        await self._stop()
        return Transferred(data=bytes(data), refused=refused)

    async def _message(self, message: Message, data: bytearray) -> int | None:
        """Number of the byte that was refused, if any."""
        is_read = message.read_bytes > 0
        for place, byte in enumerate((message.device << 1 | is_read, *message.data)):
            if not await self._put(byte):
                return place
        for left in range(message.read_bytes - 1, -1, -1):
            data.append(await self._get(acknowledge=left > 0))
        return None

    async def _put(self, byte: int) -> bool:
        for place in range(7, -1, -1):
            await self._bit(byte >> place & 1)
        return not await self._bit(1)

    async def _get(self, *, acknowledge: bool) -> int:
        byte = 0
        for _ in range(8):
            byte = byte << 1 | await self._bit(1)
        await self._bit(int(not acknowledge))
        return byte

    async def _bit(self, level: int) -> int:
        """From the clock low to the clock low; the level of the data line at the end of high."""
        await self._low(level)
        self._dut.pull_scl.value = 0
        await self._wait(self._high_ps)
        seen = int(self._dut.sda_level.value)
        self._dut.pull_scl.value = 1
        return seen

    async def _start(self, *, repeated: bool) -> None:
        if repeated:
            await self._low(1)
            self._dut.pull_scl.value = 0
            await self._wait(self._low_ps)
        self._set_sda(0)
        await self._wait(self._high_ps)
        self._dut.pull_scl.value = 1

    async def _stop(self) -> None:
        """And the time that the bus must be free before the next start."""
        await self._low(0)
        self._dut.pull_scl.value = 0
        await self._wait(self._high_ps)
        self._set_sda(1)
        await self._wait(self._low_ps)

    async def _low(self, level: int) -> None:
        """A low phase of the clock; the data line changes in the middle of it, if it does."""
        if level == self._sda:  # an event less for Python
            await self._wait(self._low_ps)
            return
        await self._wait(self._low_ps // 2)
        self._set_sda(level)
        await self._wait(self._low_ps - self._low_ps // 2)

    def _set_sda(self, level: int) -> None:
        self._sda = level
        self._dut.pull_sda.value = not level

    @staticmethod
    async def _wait(duration_ps: int) -> None:
        await Timer(duration_ps, "ps")
