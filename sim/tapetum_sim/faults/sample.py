# SPDX-License-Identifier: Apache-2.0
"""Which bit, when, and how: drawn uniformly, and the same whenever the seed is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from .netlist import Element

__all__ = ["FLIP_FLOPS_FROM", "Injection", "Kind", "Stratum", "draw"]

FLIP_FLOPS_FROM = 1_000_000
"""First number of the sample of flip-flops alone."""


class Kind(StrEnum):
    """What happens to a bit."""

    SEU = "seu"
    STUCK_0 = "stuck0"
    STUCK_1 = "stuck1"


class Stratum(StrEnum):
    """From which bits a sample is drawn."""

    ALL = "all"
    """Every state bit, so that what is drawn stands for the die."""
    FLIP_FLOPS = "flip-flops"
    """Without the memories, which are most of the die and would hide the rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Injection:
    """One fault.

    Parameters
    ----------
    number : int
        Names it within its campaign.
    element, word, bit : int
        State bit, see `Element`.
    offset_ps : int
        From the beginning of the window.
    """

    number: int
    stratum: Stratum
    kind: Kind
    element: int
    word: int
    bit: int
    offset_ps: int

    @property
    def line(self) -> str:
        """As the simulator reads it."""
        return (f"{self.number} {self.kind} {self.element} {self.word} {self.bit} "
                f"{self.offset_ps}")


def draw(elements: Sequence[Element], *, stratum: Stratum, count: int, seed: int,
         window_ps: int, kinds: Sequence[Kind], room: str | None = None) -> list[Injection]:
    """Draw ``count`` bits of the die and times within the window, kinds in turn.

    More of the same campaign begin with the same ones. Bits may be drawn twice.

    Raises
    ------
    ValueError
        There is no such bit.
    """
    places = [index for index, element in enumerate(elements)
              if element.on_die and (room is None or element.room == room)
              and not (stratum is Stratum.FLIP_FLOPS and element.is_memory)]
    if not places:
        raise ValueError("there are no such state bits")
    sizes = np.array([elements[index].state_bits for index in places])
    ends = np.cumsum(sizes)
    label = list(Stratum).index(stratum)
    bits = np.random.default_rng([seed, label, 0]).integers(ends[-1], size=count)
    offsets = np.random.default_rng([seed, label, 1]).integers(window_ps, size=count)
    owners = np.searchsorted(ends, bits, side="right")
    injections = []
    for number, (bit, owner, offset) in enumerate(zip(bits, owners, offsets, strict=True)):
        element = elements[places[owner]]
        word, place = divmod(int(bit - (ends[owner] - sizes[owner])), len(element.bits))
        injections.append(Injection(
            number=number + (FLIP_FLOPS_FROM if stratum is Stratum.FLIP_FLOPS else 0),
            stratum=stratum, kind=kinds[number % len(kinds)], element=places[owner], word=word,
            bit=element.bits[place], offset_ps=int(offset)))
    return injections
