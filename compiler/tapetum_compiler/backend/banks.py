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
    row_words : int
    lives : tuple of (int, int)
        Of each slot, one bank after the other: first and last row command during which its words
        must stay.
    """

    row_words: int
    lives: tuple[tuple[int, int], ...]

    @property
    def words(self) -> int:
        """Words in the bank that has most of its slots."""
        return -(-len(self.lives) // BANKS) * self.row_words


@dataclass(frozen=True)
class Place:
    """Of a ring: the bank of its first row, and the first word in every bank."""

    first_bank: int
    base: int


def place_rings(rings: list[Ring], room: int = 0) -> tuple[list[Place], int]:
    """A place for each, and the words of a bank that are needed.

    The best of several orders, largest first and mixed up, or the first that fits into `room`
    words; always the same for the same rings.
    """
    rng = np.random.default_rng(0)
    size = np.array([len(ring.lives) * ring.row_words for ring in rings], np.float64)
    best: tuple[list[Place], int] | None = None
    for attempt in range(_ORDERS_TRIED):
        noise = rng.uniform(0.5, 1, len(rings)) if attempt else 1
        places, depth = _placed(rings, np.argsort(-size * noise, kind="stable").tolist())
        if best is None or depth < best[1]:
            best = places, depth
        if best[1] <= room:
            break
    assert best
    return best


def _placed(rings: list[Ring], order: list[int]) -> tuple[list[Place], int]:
    places: dict[int, Place] = {}
    slots: list[list[tuple[int, int, int, int]]] = [[] for _ in range(BANKS)]
    depth = 0
    for which in order:
        ring = rings[which]
        options = []
        for first_bank in range(BANKS):
            base = _lowest(ring, first_bank, slots)
            options.append((max(base + ring.words, depth), base, first_bank))
        depth, base, first_bank = min(options)
        places[which] = Place(first_bank, base)
        for slot, (born, dead) in enumerate(ring.lives):
            start = base + slot // BANKS * ring.row_words
            slots[(first_bank + slot) % BANKS].append((start, start + ring.row_words, born, dead))
    return [places[which] for which in range(len(rings))], depth


def _lowest(ring: Ring, first_bank: int, slots: list[list[tuple[int, int, int, int]]]) -> int:
    """The first word from which on every slot of the ring lies apart from those of its time.

    Parameters
    ----------
    slots
        By bank: first word and the one after the last, first and last row command.
    """
    taken = []
    for slot, (born, dead) in enumerate(ring.lives):
        above = slot // BANKS * ring.row_words
        taken += [(start - above - ring.row_words, end - above)
                  for start, end, other_born, other_dead in slots[(first_bank + slot) % BANKS]
                  if other_born <= dead and born <= other_dead]
    base = 0
    for start, end in sorted(taken):
        if start < base < end:
            base = end
    return base
