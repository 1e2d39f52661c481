# SPDX-License-Identifier: Apache-2.0
"""One figure of the die: what it is, how it was found, what it should be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Measurement", "Target", "at_least", "at_most"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A limit, and the side on which the figure should lie."""

    limit: float
    is_lower: bool

    def met_by(self, figure: float) -> bool:
        return bool(figure >= self.limit if self.is_lower else figure <= self.limit)

    def __str__(self) -> str:
        return f"{'≥' if self.is_lower else '≤'} {self.limit:g}"


def at_least(limit: float) -> Target:
    """The figure should not be smaller."""
    return Target(limit=limit, is_lower=True)


def at_most(limit: float) -> Target:
    """The figure should not be larger."""
    return Target(limit=limit, is_lower=False)


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A figure with its target, and everything needed to believe it.

    Parameters
    ----------
    key : str
        Place in ``report.json``; dots mean nesting.
    figure : float or None
        None if it could not be found; ``method`` and ``details`` say why.
    unit : str
    target : Target or None
    method : str
        How it was measured, in one paragraph.
    details : mapping
        Further figures, ready for JSON.
    pictures : mapping
        PNG by name.
    """

    key: str
    figure: float | None
    unit: str
    target: Target | None
    method: str
    details: Mapping[str, Any] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is no figure or no target."""
        if self.figure is None or self.target is None:
            return None
        return self.target.met_by(self.figure)
