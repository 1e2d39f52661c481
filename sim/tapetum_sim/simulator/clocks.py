# SPDX-License-Identifier: Apache-2.0
"""Free-running clocks of a simulation."""

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Clock"]

PICOSECONDS_PER_SECOND = 10**12


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """A clock generated in C++ with an exact rational period.

    Edge ``k`` lies at ``floor(phase_ps + k * half_period)`` picoseconds; the fraction is carried,
    so 620 MHz stays 620 MHz over any number of cycles. Even edges rise.

    Parameters
    ----------
    domain : str
        Clock domain that it drives.
    frequency_hz : int or Fraction
        More than zero, at most 500 GHz.
    phase_ps : int
        Time of the first rising edge.
    """

    domain: str
    frequency_hz: int | Fraction
    phase_ps: int = 0

    def __post_init__(self):
        if not 0 < self.frequency_hz <= PICOSECONDS_PER_SECOND // 2:
            raise ValueError(f"clock {self.domain!r} must have a frequency above 0 and up to "
                             f"500 GHz, not {self.frequency_hz} Hz")
        if self.phase_ps < 0:
            raise ValueError(f"clock {self.domain!r} cannot start before time zero")

    @property
    def half_period_ps(self) -> Fraction:
        return Fraction(PICOSECONDS_PER_SECOND) / (2 * Fraction(self.frequency_hz))

    @property
    def argument(self) -> str:
        """The clock as a command-line argument of the simulator."""
        half = self.half_period_ps
        return f"--clock={self.domain}:{half.numerator}:{half.denominator}:{self.phase_ps}"
