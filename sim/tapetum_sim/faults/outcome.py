# SPDX-License-Identifier: Apache-2.0
"""What became of a fault."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from tapetum.config import DieConfig
from tapetum.control.faults import Fault

from ..host import RegisterMap
from .netlist import Element
from .sample import Injection

__all__ = ["Outcome", "Result", "mechanism_names", "results_of", "safety_bits"]

_SAFETY = "safety"


class Outcome(StrEnum):
    """Every fault is one of these."""

    DANGEROUS_DETECTED = "dangerous, detected"
    """Something that leaves the die was wrong, and a fault bit or the error pin told of it in
    time."""
    DANGEROUS_LATE = "dangerous, detected late"
    """It told of it, but later than is allowed."""
    DANGEROUS_UNDETECTED = "dangerous, undetected"
    """It was wrong, and the die did not tell."""
    SAFE_DETECTED = "safe, detected"
    """Nothing that leaves the die was wrong, yet the fault was found."""
    SAFE_LATENT = "safe so far, latent"
    """Nothing was wrong until the end of the next frame, but the wrong bit is still there."""
    SAFE = "safe, gone"
    """Nothing was wrong, and the die is as it would have been."""

    @property
    def is_dangerous(self) -> bool:
        return self in (Outcome.DANGEROUS_DETECTED, Outcome.DANGEROUS_LATE,
                        Outcome.DANGEROUS_UNDETECTED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """A fault with what the simulator observed; times count from the fault, in picoseconds.

    Parameters
    ----------
    harm : str
        What differed first; empty if nothing did.
    end : str
        Why the simulation ended: ``converged`` to the run without a fault, ``dormant`` or
        ``untouched`` because nothing uses the wrong bit, ``decided``, ``corrected`` by the memory
        that it fell into, ``observed`` to the end, or
        ``stopped`` because the simulator could not go on.
    mechanisms : tuple of str
        Whose bits were raised first.
    wrong_ps : int
        When the bit first held another value than it should: a stuck one may do so late or never.
    allowed_ps : int
        From then on, for the die to tell of it.
    """

    injection: Injection
    element: Element
    harm: str
    end: str
    mechanisms: tuple[str, ...]
    allowed_ps: int
    wrong_ps: int | None
    harmed_ps: int | None
    detected_ps: int | None
    error_ps: int | None
    receiver_ps: int | None

    @property
    def outcome(self) -> Outcome:
        if self.harm or self.end == "stopped":
            if self.latency_ps is None:
                return Outcome.DANGEROUS_UNDETECTED
            return (Outcome.DANGEROUS_DETECTED if self.latency_ps <= self.allowed_ps
                    else Outcome.DANGEROUS_LATE)
        if self.detected_ps is not None:
            return Outcome.SAFE_DETECTED
        return Outcome.SAFE if self.end == "converged" else Outcome.SAFE_LATENT

    @property
    def latency_ps(self) -> int | None:
        """From the first wrong value to its detection."""
        if self.detected_ps is None:
            return None
        return self.detected_ps - (self.wrong_ps or 0)

    @property
    def only_receiver_tells(self) -> bool:
        """Whether codes and checksums of the link show what the die did not notice."""
        return (self.outcome is Outcome.DANGEROUS_UNDETECTED and self.receiver_ps is not None)

    @property
    def place(self) -> str:
        """The bit, as an engineer would write it."""
        word = f"[{self.injection.word}]" if self.element.is_memory else ""
        return f"{self.element.path}{word}.{self.injection.bit}"


def safety_bits(config: DieConfig) -> dict[int, str]:
    """Names of the safety mechanisms by their bits, if the die has any."""
    register = RegisterMap(config).registers.get("safety_status")
    return {field.lsb: field.name for field in register.fields} if register else {}


def mechanism_names(faults: int, found: int, safety: Mapping[int, str] = MappingProxyType({})
                    ) -> tuple[str, ...]:
    """Names of fault bits; the one of all safety mechanisms is told by ``found``, their bits."""
    names = [fault.name.lower() for fault in Fault if faults >> fault & 1]
    mechanisms = [name for bit, name in safety.items() if found >> bit & 1]
    if mechanisms:
        names = [name for name in names if name != _SAFETY] + mechanisms
    return tuple(names)


def results_of(elements: Sequence[Element], injections: Sequence[Injection],
               lines: Sequence[dict[str, Any]], *, allowed_ps: int,
               safety: Mapping[int, str] = MappingProxyType({})) -> Iterator[Result]:
    """Join injections with the simulator's lines, in the order of the injections.

    Parameters
    ----------
    allowed_ps : int
        Detection later than that does not count.
    """
    told = {line["number"]: line for line in lines}
    for injection in injections:
        line = told.get(injection.number)
        if line is None:
            continue
        yield Result(
            injection=injection, element=elements[injection.element], harm=line["dangerous"],
            end=line["end"], mechanisms=mechanism_names(line["mechanisms"], line["found"], safety),
            allowed_ps=allowed_ps, wrong_ps=line["wrong_ps"],
            harmed_ps=line["dangerous_ps"], detected_ps=line["detected_ps"],
            error_ps=line["error_ps"], receiver_ps=line["receiver_ps"])
