# SPDX-License-Identifier: Apache-2.0
"""Where rings lie in the four banks: maps that are never alive together share words."""

from dataclasses import dataclass

import numpy as np

__all__ = ["BANKS", "Place", "Ring", "place_rings"]

BANKS = 4
_ORDERS_TRIED = 40


@dataclass(frozen=True)
class Ring:
    """What is to be placed.

    Members
    -------
    rows : int
        Rows that exist at once, one bank after the other.
    row_words : int
    born, dead : int
        First and last row command during which words must stay.
    """

    rows: int
    row_words: int
    born: int
    dead: int

    def words_in(self, bank: int) -> int:
        """Words in a bank, counted from the ring's first."""
        return -(-(self.rows - bank) // BANKS) * self.row_words


@dataclass(frozen=True)
class Place:
    """Of a ring: the bank of its first row, and the first word in every bank."""

    first_bank: int
    base: int


def place_rings(rings: list[Ring]) -> tuple[list[Place], int]:
    """A place for each, and the words of a bank that are needed.

    The best of several orders, largest first and mixed up; always the same for the same rings.
    """
    rng = np.random.default_rng(0)
    size = np.array([ring.rows * ring.row_words for ring in rings], np.float64)
    best: tuple[list[Place], int] | None = None
    for attempt in range(_ORDERS_TRIED):
        noise = rng.uniform(0.5, 1, len(rings)) if attempt else 1
        places, depth = _placed(rings, np.argsort(-size * noise, kind="stable").tolist())
        if best is None or depth < best[1]:
            best = places, depth
    assert best
    return best


def _placed(rings: list[Ring], order: list[int]) -> tuple[list[Place], int]:
    places: dict[int, Place] = {}
    depth = 0
    for which in order:
        ring = rings[which]
        others = [(rings[other], place) for other, place in places.items()
                  if rings[other].born <= ring.dead and ring.born <= rings[other].dead]
        options = []
        for first_bank in range(BANKS):
            base = _lowest(ring, first_bank, others)
            end = base + ring.words_in(0)
            options.append((max(end, depth), base, first_bank))
        depth, base, first_bank = min(options)
        places[which] = Place(first_bank, base)
    return [places[which] for which in range(len(rings))], depth


def _lowest(ring: Ring, first_bank: int, others: list[tuple[Ring, Place]]) -> int:
    """The first word from which on the ring fits into all of its banks."""
    taken = []
    for other, place in others:
        for bank in range(BANKS):
            length = other.words_in((bank - place.first_bank) % BANKS)
            mine = ring.words_in((bank - first_bank) % BANKS)
            if length > 0 and mine > 0:
                taken.append((place.base - mine, place.base + length))
    base = 0
    for start, end in sorted(taken):
        if start < base < end:
            base = max(base, end)
    return base
