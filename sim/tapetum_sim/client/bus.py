# SPDX-License-Identifier: Apache-2.0
"""The I2C bus of a virtual sensor, as a host's program sees it."""

import json
from pathlib import Path
from typing import Any

from .protocol import (
    PICOSECONDS,
    Answer,
    Command,
    Message,
    Request,
    Transfer,
    Wait,
    parse_answer,
)
from .sockets import connected

__all__ = ["Device", "I2cBus", "NotAcknowledgedError", "RefusedError"]


class NotAcknowledgedError(OSError):
    """A byte that nobody acknowledged.

    Members
    -------
    message, byte : int
        Which one; byte 0 is the device's address.
    """

    def __init__(self, message: int, byte: int):
        super().__init__(f"message {message}, byte {byte} was not acknowledged.")
        self.message, self.byte = message, byte


class RefusedError(ValueError):
    """A request that the virtual sensor refused; nothing was done."""


class I2cBus:
    """One connection to the I2C socket of `tapetum serve`; close it, or use it in a ``with``.

    Each transfer is whole: no other client's comes in between.

    Parameters
    ----------
    path : path
        The socket.
    timeout_s : float, optional
        Of wall time, for each answer; by default none.

    Members
    -------
    answer : Answer
        The last one: its ``time_ps`` and ``state`` say when, and what the die is about.
    """

    def __init__(self, path: Path | str, *, timeout_s: float | None = None):
        self._socket = connected(path, timeout_s)
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\n")
        self.answer = Answer(outcome="ok", time_ps=0)

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> "I2cBus":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def request(self, request: Request | str) -> Answer:
        """Send a request as it stands; return the answer, whatever it is."""
        self._socket.sendall(f"{request}\n".encode())
        line = self._lines.readline()
        if not line.endswith("\n"):
            raise ConnectionError("the virtual sensor has ended.")
        self.answer = parse_answer(line)
        return self.answer

    def _done(self, request: Request) -> Answer:
        answer = self.request(request)
        if answer.outcome == "nak":
            raise NotAcknowledgedError(*answer.place)
        if answer.outcome == "error":
            raise RefusedError(answer.rest)
        return answer

    def transfer(self, *messages: Message) -> list[bytes]:
        """Messages with repeated starts between them; what was read, one for each read.

        Raises
        ------
        NotAcknowledgedError
            The messages before it, and the bytes before it, have taken effect.
        """
        data = self._done(Transfer(messages)).data
        parts, position = [], 0
        for message in messages:
            if message.read_bytes:
                parts.append(data[position:position + message.read_bytes])
                position += message.read_bytes
        return parts

    def wait(self, seconds: float) -> None:
        """Let simulated time pass."""
        self._done(Wait(round(seconds * PICOSECONDS)))

    def pulse(self) -> None:
        """Pulse the external sync pin."""
        self._done(Command("pulse"))

    def pause(self) -> None:
        """Have time pass within requests only, until `resume` or the end of this connection."""
        self._done(Command("pause"))

    def resume(self) -> None:
        """Have time pass by itself again while the die streams."""
        self._done(Command("resume"))

    def info(self) -> dict[str, Any]:
        """What is served: preset, size, clocks, addresses."""
        return json.loads(self._done(Command("info")).rest)


class Device:
    """A device with 16-bit indices on a bus, as the camera control interface has them.

    Parameters
    ----------
    bus : I2cBus
    address : int
        Seven bits.
    """

    def __init__(self, bus: I2cBus, address: int = 0x10):
        self.bus, self.address = bus, address

    def write(self, index: int, data: bytes) -> None:
        """Write bytes to ascending indices."""
        self.bus.transfer(Message(device=self.address, data=index.to_bytes(2, "big") + data))

    def read(self, index: int, count: int = 1) -> bytes:
        """Read bytes from ascending indices, after a repeated start."""
        data, = self.bus.transfer(
            Message(device=self.address, data=index.to_bytes(2, "big")),
            Message(device=self.address, read_bytes=count))
        return data

    def write_value(self, index: int, value: int, width: int = 2) -> None:
        """Write a register of several bytes, in one transfer."""
        self.write(index, value.to_bytes(width, "big"))

    def read_value(self, index: int, width: int = 2) -> int:
        """Read a register of several bytes, in one transfer."""
        return int.from_bytes(self.read(index, width), "big")
