# SPDX-License-Identifier: Apache-2.0
"""From single outcomes to shares with their confidence intervals."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from .outcome import Outcome, Result

__all__ = ["CONFIDENCE", "Share", "Tally", "share", "tally", "tally_by", "worst_places"]

CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """``count`` of ``of``, with Wilson's interval; empty if there was nothing to count."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


def share(count: int, of: int) -> Share:
    """A share and its 95 % interval (Wilson, as scipy has it)."""
    if not of:
        return Share(count=count, of=of, value=None, low=None, high=None)
    interval = binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Share(count=count, of=of, value=count / of, low=float(interval.low),
                 high=float(interval.high))


@dataclass(frozen=True, kw_only=True)
class Tally:
    """A group of faults.

    Parameters
    ----------
    outcomes : mapping of Outcome to Share
        Of all faults of the group.
    coverage : Share
        Dangerous ones that were detected in time, of all dangerous ones.
    with_receiver : Share
        The same, counting what the receiver of the link can tell.
    """

    name: str
    injections: int
    outcomes: dict[Outcome, Share]
    coverage: Share
    with_receiver: Share


def tally(name: str, results: Sequence[Result]) -> Tally:
    """Count a group."""
    counts = Counter(result.outcome for result in results)
    dangerous = sum(counts[outcome] for outcome in Outcome if outcome.is_dangerous)
    detected = counts[Outcome.DANGEROUS_DETECTED]
    told = sum(result.only_receiver_tells for result in results)
    return Tally(name=name, injections=len(results),
                 outcomes={outcome: share(counts[outcome], len(results)) for outcome in Outcome},
                 coverage=share(detected, dangerous),
                 with_receiver=share(detected + told, dangerous))


def tally_by(results: Iterable[Result], key: Callable[[Result], str]) -> list[Tally]:
    """Count each group by itself, the one with the most undetected faults first."""
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[key(result)].append(result)
    tallies = [tally(name, group) for name, group in groups.items()]
    return sorted(tallies, key=lambda one: (
        -one.outcomes[Outcome.DANGEROUS_UNDETECTED].count, one.name))


def worst_places(results: Iterable[Result], limit: int = 30) -> list[dict]:
    """Registers and memories by the dangerous faults in them that nothing noticed."""
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result.outcome is Outcome.DANGEROUS_UNDETECTED:
            groups[result.element.path].append(result)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [{
        "path": path, "undetected": len(found), "bits": found[0].element.state_bits,
        "memory": found[0].element.is_memory,
        "receiver_tells": sum(result.only_receiver_tells for result in found),
        "harm": Counter(result.harm or result.end for result in found).most_common(1)[0][0],
        "examples": [result.injection.number for result in found[:3]],
    } for path, found in ordered[:limit]]
