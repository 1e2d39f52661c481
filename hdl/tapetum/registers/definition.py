# SPDX-License-Identifier: Apache-2.0
"""What a register is: the rows of the one table from which everything else is made."""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

__all__ = ["Access", "Field", "MemoryWindow", "Register", "Storage", "check_table"]


class Access(Enum):
    """What a host may do."""

    READ_ONLY = "RO"
    READ_WRITE = "RW"
    WRITE_ONE_TO_CLEAR = "W1C"
    SELF_CLEARING = "SC"


class Storage(Enum):
    """Where the value lives, and so when a write acts."""

    CONSTANT = "constant"
    """Never changes."""
    STATUS = "status"
    """Driven by the die."""
    IMMEDIATE = "at once"
    """Flip-flops: acts as soon as its last byte is written."""
    FRAME = "next frame"
    """Register memory: acts on the next frame that is planned."""
    KEPT = "never"
    """Register memory: reads back as written, and nothing in the die depends on it."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """Some bits of a register.

    Parameters
    ----------
    values : tuple of (int, str)
        Meaning of each value, if they are words rather than a number.
    """

    name: str
    lsb: int
    bits: int = 1
    sentence: str
    values: tuple[tuple[int, str], ...] = ()

    @property
    def mask(self) -> int:
        return ((1 << self.bits) - 1) << self.lsb


@dataclass(frozen=True, kw_only=True)
class Register:
    """One register; several bytes are big-endian, at an address that is a multiple of its width.

    Parameters
    ----------
    width_bytes : int
        1, 2 or 4.
    bits : int, optional
        Implemented bits, from bit 0; those above read zero. Fields imply it.
    unit : str
        What one LSB is; ``""`` for registers of flags.
    minimum, maximum : int, optional
        Published range; default: all that the bits can hold.
    limits : str
        What bounds the value beyond that, in words.
    note : str
        Any peculiarity; one sentence.
    """

    name: str
    address: int
    width_bytes: int = 1
    access: Access = Access.READ_WRITE
    storage: Storage = Storage.FRAME
    reset: int = 0
    bits: int | None = None
    unit: str = ""
    sentence: str
    minimum: int = 0
    maximum: int | None = None
    limits: str = ""
    note: str = ""
    fields: tuple[Field, ...] = ()

    def __post_init__(self):
        def require(condition: bool, reason: str) -> None:
            if not condition:
                raise ValueError(f"register {self.name}: {reason}.")

        require(self.name.isidentifier() and self.name == self.name.lower(),
                "its name must be a lower-case identifier")
        require(self.width_bytes in (1, 2, 4), "width_bytes must be 1, 2 or 4")
        require(0 <= self.address <= 0xFFFF and self.address % self.width_bytes == 0,
                f"address 0x{self.address:04x} must be a multiple of its width")
        require(self.sentence.endswith("."), "it must be described by a sentence")
        for index, field in enumerate(self.fields):
            require(not any(field.mask & other.mask for other in self.fields[:index]),
                    f"field {field.name} must not overlap another")
        require(self.mask < 1 << 8 * self.width_bytes, "its bits must fit its width")
        require(self.reset & ~self.mask == 0, "its reset value must fit its bits")
        require(self.minimum <= self.highest <= self.mask, "its range must fit its bits")
        allowed = {Access.READ_ONLY: (Storage.CONSTANT, Storage.STATUS),
                   Access.READ_WRITE: (Storage.IMMEDIATE, Storage.FRAME, Storage.KEPT),
                   Access.WRITE_ONE_TO_CLEAR: (Storage.STATUS,),
                   Access.SELF_CLEARING: (Storage.STATUS,)}[self.access]
        require(self.storage in allowed,
                f"a register that is {self.access.value} cannot be stored as {self.storage.value}")

    @property
    def mask(self) -> int:
        """Implemented bits."""
        if self.fields:
            return sum(field.mask for field in self.fields)
        return (1 << (8 * self.width_bytes if self.bits is None else self.bits)) - 1

    @property
    def highest(self) -> int:
        return self.mask if self.maximum is None else self.maximum

    @property
    def is_writable(self) -> bool:
        return self.access is not Access.READ_ONLY

    @property
    def addresses(self) -> range:
        return range(self.address, self.address + self.width_bytes)


@dataclass(frozen=True, kw_only=True)
class MemoryWindow:
    """A memory of the die that the host reads and writes, byte by byte, through the bus.

    Entries follow each other, each big-endian in ``entry_bytes``; the memory behind the window
    changes an entry as a whole, with its last byte.
    """

    name: str
    address: int
    entries: int
    entry_bytes: int
    sentence: str

    def __post_init__(self):
        if self.entry_bytes not in (1, 2, 4, 8):
            raise ValueError(f"window {self.name}: entry_bytes must be 1, 2, 4 or 8.")
        if self.address % (1 << self.address_bits):
            raise ValueError(f"window {self.name}: its address must be a multiple of its size.")
        if not self.sentence.endswith("."):
            raise ValueError(f"window {self.name}: it must be described by a sentence.")

    @property
    def address_bits(self) -> int:
        """Bits of an address within the window."""
        return (self.size_bytes - 1).bit_length()

    @property
    def size_bytes(self) -> int:
        return self.entries * self.entry_bytes


def check_table(registers: "list[Register]", windows: "list[MemoryWindow]") -> None:
    """Refuse names or addresses that are given twice.

    Raises
    ------
    ValueError
        Names the two that collide.
    """
    owner: dict[int, str] = {}
    names: set[str] = set()
    for item in (*registers, *windows):
        if item.name in names:
            raise ValueError(f"the name {item.name} is given to two registers or windows.")
        names.add(item.name)
    for register in registers:
        for address in register.addresses:
            if address in owner:
                raise ValueError(f"registers {owner[address]} and {register.name} share "
                                 f"address 0x{address:04x}.")
            owner[address] = register.name
    taken = sorted((w.address, w.address + w.size_bytes, w.name) for w in windows)
    for (_, end, name), (start, _, other) in pairwise(taken):
        if start < end:
            raise ValueError(f"windows {name} and {other} overlap.")
    for start, end, name in taken:
        inside = next((a for a in sorted(owner) if start <= a < end), None)
        if inside is not None:
            raise ValueError(f"register {owner[inside]} lies inside window {name}.")
