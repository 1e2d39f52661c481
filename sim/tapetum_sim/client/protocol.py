# SPDX-License-Identifier: Apache-2.0
"""Requests to a virtual sensor and its answers, one line of text each: both ends of the wire.

A transfer is written as the arguments of ``i2ctransfer`` (i2c-tools) are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["MAXIMUM_LINE_BYTES", "MAXIMUM_MESSAGE_BYTES", "MAXIMUM_WAIT_S", "Answer", "Command",
           "Message", "Request", "RequestError", "Transfer", "Wait", "parse_answer",
           "parse_request"]

MAXIMUM_LINE_BYTES = 1 << 20
MAXIMUM_MESSAGE_BYTES = 0xFFFF
"""What a message of Linux holds."""
MAXIMUM_WAIT_S = 10.0
"""Of simulated time."""
PICOSECONDS = 10**12

# Digits have an end: int() refuses thousands of them.
_DIGITS = r"0x[0-9a-f]{1,16}|\d{1,16}"
_MESSAGE = re.compile(rf"([rw])(\d{{1,16}})(?:@({_DIGITS}))?", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(_DIGITS, re.IGNORECASE | re.ASCII)


class RequestError(ValueError):
    """A line that is no request; the message is the sentence to answer with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """From a start to the next one, or to the stop.

    Parameters
    ----------
    device : int
        Seven bits.
    data : bytes
        What is written; nothing for a read.
    read_bytes : int
        How many bytes are read; 0 for a write.
    """

    device: int
    data: bytes = b""
    read_bytes: int = 0

    def __str__(self) -> str:
        if self.read_bytes:
            return f"r{self.read_bytes}@0x{self.device:02x}"
        return " ".join((f"w{len(self.data)}@0x{self.device:02x}",
                         *(f"0x{byte:02x}" for byte in self.data)))


@dataclass(frozen=True, slots=True)
class Transfer:
    """Messages with repeated starts between them, and one stop."""

    messages: tuple[Message, ...]

    def __str__(self) -> str:
        return " ".join(map(str, self.messages))


@dataclass(frozen=True, slots=True)
class Wait:
    """Let simulated time pass."""

    duration_ps: int

    def __str__(self) -> str:
        return f"wait {self.duration_ps / PICOSECONDS:.12f}"


@dataclass(frozen=True, slots=True)
class Command:
    """``pulse``, ``pause``, ``resume`` or ``info``."""

    word: str

    def __str__(self) -> str:
        return self.word


Request = Transfer | Wait | Command

_COMMANDS = ("pulse", "pause", "resume", "info")


def parse_request(line: str) -> Request:
    """Read a request.

    Raises
    ------
    RequestError
    """
    words = line.split()
    if not words:
        raise RequestError("an empty line is no request.")
    if words[0] in _COMMANDS:
        if len(words) > 1:
            raise RequestError(f"{words[0]} stands alone.")
        return Command(words[0])
    if words[0] == "wait":
        return _wait(words[1:])
    return _transfer(words)


def _wait(words: Sequence[str]) -> Wait:
    try:
        seconds, = map(float, words)
    except ValueError:
        raise RequestError("wait needs a time in seconds, for example: wait 0.001") from None
    if not 0 <= seconds <= MAXIMUM_WAIT_S:
        raise RequestError(f"wait takes 0 to {MAXIMUM_WAIT_S:g} seconds.")
    return Wait(round(seconds * PICOSECONDS))


def _transfer(words: Sequence[str]) -> Transfer:
    messages: list[Message] = []
    position, device = 0, None
    while position < len(words):
        word = words[position]
        match = _MESSAGE.fullmatch(word)
        if not match:
            raise RequestError(f"{word[:20]!r} is no request: expected a message such as "
                               f"w2@0x10 or r1@0x10, wait, {', '.join(_COMMANDS)}.")
        count = int(match[2], 10)
        device = device if match[3] is None else _number(match[3])
        position += 1
        if device is None:
            raise RequestError("the first message needs a device address, for example w2@0x10.")
        if device > 0x7F:
            raise RequestError(f"a device address has seven bits; {device:#x} has more.")
        if count > MAXIMUM_MESSAGE_BYTES:
            raise RequestError(f"a message has at most {MAXIMUM_MESSAGE_BYTES} bytes.")
        if match[1] in "rR":
            if count == 0:
                raise RequestError("a read has at least one byte: nothing else frees the bus.")
            messages.append(Message(device=device, read_bytes=count))
            continue
        data = words[position:position + count]
        if len(data) < count or not all(_NUMBER.fullmatch(each) for each in data):
            raise RequestError(f"{word} needs {count} bytes behind it, as 0x10 or 16.")
        values = [_number(each) for each in data]
        if max(values, default=0) > 0xFF:
            raise RequestError(f"{max(values):#x} does not fit a byte.")
        messages.append(Message(device=device, data=bytes(values)))
        position += count
    return Transfer(tuple(messages))


def _number(text: str) -> int:
    """A decimal may begin with zeros, which int(text, 0) refuses."""
    return int(text, 16 if text[:2] in ("0x", "0X") else 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What comes back for every request, in the order of the requests.

    Parameters
    ----------
    outcome : str
        ``ok``; ``nak``: a byte was not acknowledged; ``error``: nothing was done.
    time_ps : int
        Simulated time at which the request was done.
    state : str
        Letters: ``s`` streaming, ``b`` rows are under way, ``e`` the error pin, ``i`` the
        interrupt pin; ``-`` if none.
    rest : str
        ``ok``: the bytes that were read, or the JSON of ``info``. ``nak``: number of the message,
        and of the byte in it, 0 being the device's. ``error``: a sentence.
    """

    outcome: str
    time_ps: int
    state: str = "-"
    rest: str = ""

    def __str__(self) -> str:
        return f"{self.outcome} {self.time_ps} {self.state} {self.rest}".rstrip()

    @property
    def data(self) -> bytes:
        """All bytes that were read, message after message."""
        return bytes(int(word, 16) for word in self.rest.split())

    @property
    def place(self) -> tuple[int, int]:
        """Message and byte that were not acknowledged."""
        message, byte = map(int, self.rest.split())
        return message, byte


def parse_answer(line: str) -> Answer:
    """Read an answer; raises ValueError on anything else."""
    outcome, time_ps, state, *rest = line.rstrip("\n").split(" ", 3)
    if outcome not in ("ok", "nak", "error"):
        raise ValueError(f"{line[:40]!r} is no answer of a virtual sensor.")
    return Answer(outcome=outcome, time_ps=int(time_ps), state=state, rest="".join(rest))
