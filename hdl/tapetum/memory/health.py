# SPDX-License-Identifier: Apache-2.0
"""What memories report, on its way up to the die."""

from typing import Any

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["MemoryHealth", "gather"]


class MemoryHealth(wiring.Signature):
    """A memory, or all those of a room.

    Members
    -------
    corrected, uncorrectable : Out(1)
        Strobes: a word that was read had a wrong bit that was put right; had wrong bits that were
        not.
    inject : In(2)
        While 1, every word is read with a check bit inverted where that can be corrected; while 3,
        with as many inverted as cannot. Data stay right either way.
    """

    def __init__(self):
        super().__init__({"corrected": Out(1), "uncorrectable": Out(1), "inject": In(2)})


def gather(m: Module, health: Any, *members: Any) -> None:
    """Report what any of `members` reports, a clock later; pass the injection on to all."""
    m.d.comb += [member.inject.eq(health.inject) for member in members]
    m.d.sync += [
        health.corrected.eq(Cat(member.corrected for member in members).any()),
        health.uncorrectable.eq(Cat(member.uncorrectable for member in members).any()),
    ]
