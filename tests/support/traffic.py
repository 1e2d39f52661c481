# SPDX-License-Identifier: Apache-2.0
"""When each side of a stream may move: bit strings that a person can read and replay."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Self

__all__ = ["FULL_RATE", "TRAFFIC_KINDS", "Traffic", "TrafficPattern"]

TRAFFIC_KINDS = ("full", "bubbles", "stalls", "both")
"""Names of the four patterns under which every stream boundary is tested."""


@dataclass(frozen=True, slots=True)
class TrafficPattern:
    """One side's willingness, clock by clock, repeated for ever.

    Parameters
    ----------
    bits : str
        ``"1"`` is a clock in which this side moves, ``"0"`` one in which it waits; at least one
        ``"1"``. ``"1110"`` waits in every fourth clock.

    Raises
    ------
    ValueError
        If another character is found, or the side would never move.
    """

    bits: str

    def __post_init__(self) -> None:
        if set(self.bits) - set("01"):
            raise ValueError(f"a traffic pattern consists of '0' and '1', not {self.bits!r}")
        if "1" not in self.bits:
            raise ValueError(f"traffic pattern {self.bits!r} never moves; it needs a '1'")

    @classmethod
    def random(cls, seed: int, *, density: float = 0.5, length: int = 61) -> Self:
        """Draw a pattern whose share of ``"1"`` is about `density`.

        The default length is prime, so that pattern and row length never march in step.
        """
        generator = random.Random(seed)
        bits = ["1" if generator.random() < density else "0" for _ in range(length)]
        bits[generator.randrange(length)] = "1"
        return cls("".join(bits))

    def __iter__(self) -> Iterator[bool]:
        return cycle([bit == "1" for bit in self.bits])


FULL_RATE = TrafficPattern("1")
"""Moves in every clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A pattern for each side of a block: `put` feeds it, `get` drains it."""

    kind: str
    put: TrafficPattern
    get: TrafficPattern

    @classmethod
    def of(cls, kind: str, seed: int) -> Self:
        """Build one of `TRAFFIC_KINDS`: bubbles starve the input, stalls hold the output."""
        if kind not in TRAFFIC_KINDS:
            raise ValueError(f"traffic {kind!r} is unknown; choose from {', '.join(TRAFFIC_KINDS)}")
        return cls(
            kind=kind,
            put=TrafficPattern.random(seed) if kind in ("bubbles", "both") else FULL_RATE,
            get=TrafficPattern.random(seed + 1) if kind in ("stalls", "both") else FULL_RATE,
        )
