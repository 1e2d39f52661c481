# SPDX-License-Identifier: Apache-2.0
"""Transactions of a host on the two-wire bus, and who can make them."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tapetum.config import DieConfig
from tapetum.registers.definition import Access
from tapetum.registers.table import register_table

__all__ = ["Bus", "NakError", "Read", "RegisterModel", "Sequence", "Write", "play"]

T = TypeVar("T")


class NakError(Exception):
    """The sensor did not acknowledge; a driver gives up then."""


@dataclass(frozen=True)
class Write:
    """Bytes to ascending addresses; answered with None."""

    address: int
    data: bytes


@dataclass(frozen=True)
class Read:
    """``count`` bytes from ascending addresses; answered with them."""

    address: int
    count: int


Sequence = Generator[Write | Read, Any, T]
"""Yields transactions, is sent their answers, returns what it has found out."""


class Bus(Protocol):
    """A host that makes one transaction at a time."""

    def write(self, address: int, data: bytes) -> bool:
        """Write; whether every byte was acknowledged."""
        ...

    def read(self, address: int, count: int) -> bytes | None:
        """Read; None if address or device were not acknowledged."""
        ...


def play(sequence: "Sequence[T]", bus: Bus) -> T:
    """Make all transactions of ``sequence`` on ``bus``; return its result.

    Raises
    ------
    NakError
        A transaction was not acknowledged: says which.
    """
    answer = None
    while True:
        try:
            transaction = sequence.send(answer)
        except StopIteration as end:
            return end.value
        if isinstance(transaction, Write):
            answer, acknowledged = None, bus.write(transaction.address, transaction.data)
        else:
            answer = bus.read(transaction.address, transaction.count)
            acknowledged = answer is not None
        if not acknowledged:
            kind = type(transaction).__name__.lower()
            raise NakError(f"the {kind} at 0x{transaction.address:04x} was not acknowledged.")


class RegisterModel:
    """A `Bus` in front of nothing but the register table: values that stay as they are written.

    Fast, and exact for what a driver does: no status changes by itself, a reset takes no time.
    """

    def __init__(self, config: DieConfig):
        self._registers = register_table(config)
        self.reset()

    def reset(self) -> None:
        """All registers return to their reset values."""
        self.bytes: dict[int, int] = {}
        self._writable: dict[int, int] = {}
        for register in self._registers:
            mask = register.mask if register.access is Access.READ_WRITE else 0
            size = register.width_bytes
            self.bytes |= zip(register.addresses, register.reset.to_bytes(size, "big"),
                              strict=True)
            self._writable |= zip(register.addresses, mask.to_bytes(size, "big"), strict=True)

    def write(self, address: int, data: bytes) -> bool:
        for index, byte in enumerate(data, address):
            if index == 0x0103 and byte & 1:
                self.reset()
            elif index in self._writable:
                kept = self._writable[index]
                self.bytes[index] = byte & kept | self.bytes[index] & ~kept
        return True

    def read(self, address: int, count: int) -> bytes:
        return bytes(self.bytes.get(index, 0) for index in range(address, address + count))
