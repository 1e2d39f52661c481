# SPDX-License-Identifier: Apache-2.0
"""The bytes of all embedded rows in their order, and how one of many values is chosen."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from sys import maxsize
from typing import NamedTuple

from amaranth import *
from amaranth.hdl import ValueLike

from .embedded import is_setting
from .embedded_format import EmbeddedRegister, EmbeddedTag, tagged_registers
from .formats import GROUP_PIXELS

__all__ = ["ByteKind", "EmbeddedProgram", "ValueByte", "byte_of", "chosen_byte"]

_BLOCK_LOG2 = 4
BLOCK_BYTES = 1 << _BLOCK_LOG2
"""Bytes among which one is chosen in a clock; in the next, among all such blocks."""

ValueByte = tuple[EmbeddedRegister, int]
"""A register, and which of its bytes: 0 is the lowest."""


class ByteKind:
    """What the content of a step is: the byte itself, or the number of a value's byte."""

    CONSTANT = 0
    SETTING = 1
    RESULT = 2


class ProgramStep(NamedTuple):
    """``groups`` are those that a row must have to tell the register to which the byte belongs."""

    kind: int
    content: int
    groups: int


class EmbeddedProgram:
    """The bytes of all rows one after the other.

    Parameters
    ----------
    rows : sequence of sequences of EmbeddedRegister

    Members
    -------
    steps : list of ProgramStep
    starts : list of int
        Of each row: its first step.
    settings, results : list of ValueByte
        The bytes of values that steps name by their number.
    """

    def __init__(self, rows: Sequence[Sequence[EmbeddedRegister]]):
        places = dict.fromkeys((register, byte) for row in rows for register in row
                               for byte in reversed(range(register.width_bytes)))
        self.settings = [place for place in places if is_setting(place[0].source)]
        self.results = [place for place in places if not is_setting(place[0].source)]
        found = {place: (kind, number)
                 for kind, members in ((ByteKind.SETTING, self.settings),
                                       (ByteKind.RESULT, self.results))
                 for number, place in enumerate(members)}

        self.steps: list[ProgramStep] = []
        self.starts: list[int] = []
        for row in rows:
            self.starts.append(len(self.steps))
            self._constants(0, EmbeddedTag.LINE_START)
            for placed in tagged_registers(row):
                groups = placed.end // GROUP_PIXELS + 1
                self._constants(groups, *placed.address_tags)
                for byte in reversed(range(placed.register.width_bytes)):
                    self._constants(groups, EmbeddedTag.VALUE)
                    self.steps.append(ProgramStep(*found[placed.register, byte], groups))
            # No row has so many groups: what stands behind its last register is end tags.
            self._constants(maxsize, *[EmbeddedTag.END] * GROUP_PIXELS)

    def _constants(self, groups: int, *content: int) -> None:
        self.steps += [ProgramStep(ByteKind.CONSTANT, byte, groups) for byte in content]


def byte_of(value: Value, byte: int) -> Value:
    """One byte of a register's value, filled up with zeros."""
    part = value[8 * byte:8 * byte + 8]
    return Cat(part, C(0, 8 - len(part)))


def chosen_byte(m: Module, values: Sequence[Value], number: Value, *,
                enable: ValueLike = 1) -> Value:
    """The one of that number, a clock later; it moves only with ``enable``."""
    blocks = range(0, len(values), BLOCK_BYTES)
    block = Signal(range(len(blocks)), reset_less=True)
    with m.If(enable):
        m.d.sync += block.eq(number >> _BLOCK_LOG2)
    chosen = []
    for index, start in enumerate(blocks):
        candidate = Signal(8, reset_less=True, name=f"block_{index}")
        with m.If(enable):
            m.d.sync += candidate.eq(
                Cat(values[start:start + BLOCK_BYTES]).word_select(number[:_BLOCK_LOG2], 8))
        chosen.append(Mux(block == index, candidate, 0))
    return reduce(or_, chosen)
