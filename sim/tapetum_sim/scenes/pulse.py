# SPDX-License-Identifier: Apache-2.0
"""Pulse-width modulation of a lamp, integrated exactly."""

from dataclasses import dataclass

import numpy as np

__all__ = ["PulseTrain", "on_fraction"]


@dataclass(frozen=True, kw_only=True)
class PulseTrain:
    """A lamp that is on for ``duty`` of each period.

    Parameters
    ----------
    frequency_hz : float
        Pulses per second, greater than 0.
    duty : float
        Share of the period in which the lamp is on, in (0, 1].
    phase : float
        Periods already elapsed at time 0; a pulse begins where time x frequency + phase is whole.
    """

    frequency_hz: float
    duty: float
    phase: float = 0.0

    def __post_init__(self):
        if not self.frequency_hz > 0:
            raise ValueError(f"frequency_hz must be greater than 0, not {self.frequency_hz}.")
        if not 0 < self.duty <= 1:
            raise ValueError(f"duty must lie in (0, 1], not {self.duty}.")

    def on_fraction(self, start_s, end_s):
        """Share of ``[start_s, end_s)`` in which the lamp is on; scalars or arrays.

        The integral of the square wave in closed form, never sampled: a pulse of any width
        counts with its exact overlap.
        """
        return on_fraction(self.frequency_hz, self.duty, self.phase, start_s, end_s)


def on_fraction(frequency_hz, duty, phase, start_s, end_s):
    """What `PulseTrain.on_fraction` says, for arrays of trains."""
    first = np.asarray(start_s) * frequency_hz + phase
    last = np.asarray(end_s) * frequency_hz + phase
    return (_on_periods(last, duty) - _on_periods(first, duty)) / (last - first)


def _on_periods(periods, duty):
    whole = np.floor(periods)
    return whole * duty + np.minimum(periods - whole, duty)
