# SPDX-License-Identifier: Apache-2.0
"""The host's side of the SPI port: blocks, what comes back, and what to send again."""

import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tapetum.spi.framing import CHECK_BYTES, HEADER_BYTES, MARK, MOST_BYTES, Command, Refusal

__all__ = ["MOST_READ", "SpiError", "SpiHost", "SpiReply", "block", "read_request", "runs"]

MOST_READ = 256
_PAUSE_BYTES = 2
"""Between the header of a read and its first byte."""
_ATTEMPTS = 100
_STATUS = bytes([Command.STATUS.value]) * 3


class SpiError(Exception):
    """The port does not answer, or never accepts."""


@dataclass(frozen=True, kw_only=True)
class SpiReply:
    """What the die says in the first three bytes of every transfer, as it was when that began."""

    refusal: Refusal
    writing: bool
    number: int

    @classmethod
    def of(cls, received: bytes) -> "SpiReply":
        """Raises `SpiError` if nobody answers."""
        if received[0] != MARK:
            raise SpiError(f"no die answers: the first byte is 0x{received[0]:02x}, not "
                           f"0x{MARK:02x}; check the wires and spi_control.")
        return cls(refusal=Refusal(received[1] & 7), writing=bool(received[1] >> 3 & 1),
                   number=received[2])


def block(number: int, address: int, content: bytes) -> bytes:
    """A transfer that writes `content` to ascending addresses.

    Raises
    ------
    ValueError
        More than `MOST_BYTES`.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"a block has at most {MOST_BYTES} bytes of data, not {len(content)}.")
    message = bytes([Command.WRITE.value, number & 0xFF]) + address.to_bytes(2, "big") + content
    return message + zlib.crc32(message).to_bytes(CHECK_BYTES, "little")


def read_request(address: int, count: int) -> bytes:
    """A transfer that reads `count` bytes from ascending addresses, with their check.

    Raises
    ------
    ValueError
        None, or more than `MOST_READ`.
    """
    if not 1 <= count <= MOST_READ:
        raise ValueError(f"a transfer reads 1 to {MOST_READ} bytes, not {count}.")
    header = bytes([Command.READ.value, count & 0xFF]) + address.to_bytes(2, "big")
    return header + bytes(_PAUSE_BYTES + count + CHECK_BYTES)


def runs(accesses: Iterable[tuple[int, int]], most: int = MOST_BYTES
         ) -> Iterator[tuple[int, bytes]]:
    """Accesses, ``(address, byte)``, as pieces of ascending addresses."""
    start, content = 0, bytearray()
    for address, byte in accesses:
        if content and (address != start + len(content) or len(content) == most):
            yield start, bytes(content)
            content = bytearray()
        if not content:
            start = address
        content.append(byte)
    if content:
        yield start, bytes(content)


class SpiHost:
    """Writes and reads registers, and sends again what did not arrive.

    Blocks follow each other without a question in between: what a transfer brings back tells which
    block is expected, and so whether the one before was accepted.

    Parameters
    ----------
    exchange : coroutine function
        Makes one transfer, and returns what came back, a byte for each that was sent.
    attempts : int
        So many transfers in a row may fail.
    """

    def __init__(self, exchange: Callable[[bytes], Awaitable[bytes]], *,
                 attempts: int = _ATTEMPTS):
        self._exchange, self._attempts = exchange, attempts

    async def status(self) -> SpiReply:
        """What the port says, twice the same: nothing checks it on its way."""
        before, error = None, SpiError("the port's answers differ each time.")
        for _ in range(self._attempts):
            try:
                reply = SpiReply.of(await self._exchange(_STATUS))
            except SpiError as caught:
                before, error = None, caught
                continue
            if reply == before:
                return reply
            before = reply
        raise error

    async def settled(self) -> None:
        """Wait until all that was accepted has reached its registers."""
        while (await self.status()).writing:
            pass

    async def write(self, writes: Sequence[tuple[int, int]]) -> None:
        """Write bytes, ``(address, byte)``; all of them are accepted when this returns.

        Raises
        ------
        SpiError
            Nobody answers, or nothing is accepted any more.
        """
        pieces = list(runs(writes))
        first = (await self.status()).number
        # Blocks: next one to be sent, accepted for certain, sent at least once.
        place = accepted = sent = failed = 0
        while True:
            is_end = place == len(pieces)
            message = _STATUS if is_end else block(first + place, *pieces[place])
            try:
                reply = SpiReply.of(await self._exchange(message))
            except SpiError:
                if failed == self._attempts:
                    raise
                reply = None
            # What it says was so before this transfer.
            stands = None if reply is None else accepted + (reply.number - first - accepted) % 256
            if stands is None or stands > sent:  # damaged on its way
                stands, goes_on = accepted, False
            else:
                goes_on = stands == place
            if goes_on and is_end:
                return
            failed = 0 if stands > accepted else failed + (not goes_on)
            if failed > self._attempts:
                raise SpiError(f"block {accepted} of {len(pieces)} is not accepted"
                               + (f": {reply.refusal.name.lower()}." if reply else "."))
            sent = max(sent, min(place + 1, len(pieces)))
            accepted = stands
            place = stands + goes_on

    async def read(self, addresses: Iterable[int]) -> list[int]:
        """Read bytes; runs of ascending addresses travel together.

        Raises
        ------
        SpiError
            Nobody answers, or `attempts` answers in a row are damaged.
        """
        content = list[int]()
        for start, piece in runs(((address, 0) for address in addresses), MOST_READ):
            content += await self._read(start, len(piece))
        return content

    async def _read(self, address: int, count: int) -> bytes:
        request = read_request(address, count)
        for _ in range(self._attempts):
            received = await self._exchange(request)
            reply = SpiReply.of(received)
            answer = received[HEADER_BYTES + _PAUSE_BYTES:]
            check = zlib.crc32(request[:HEADER_BYTES] + answer[:count])
            if not reply.writing and answer[count:] == check.to_bytes(CHECK_BYTES, "little"):
                return answer[:count]
        raise SpiError(f"{count} bytes at 0x{address:04x} cannot be read: their check is wrong.")
