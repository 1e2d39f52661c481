# SPDX-License-Identifier: Apache-2.0
"""How straight the analogue column is, from its own measurements."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from tapetum_sim.errors import UserError

from ..analogue.analogue_column import ANALOGUE_ADC, CONVERSIONS, LEVEL_BITS
from .board import Board

__all__ = ["AnalogueReport", "analyse", "measure"]

_MOST_POINTS = 1000
"""A sweep spans some 1,750 codes: from point to point they must rise."""
_LOWEST, _HIGHEST = 0.06, 0.62
"""Of the supply: from 0.2 V to 2.05 V, where the comparator's inputs may be."""


@dataclass(frozen=True, kw_only=True)
class AnalogueReport:
    """Of a sweep of the test voltage.

    Members
    -------
    levels, codes : arrays
        Test voltage as a share of the supply, mean code.
    time_constant_codes : float
        Of the ramp.
    inl_lsb, dnl_lsb : arrays
        For each level, after the calibration: distance from the straight line, and of its step from
        the mean step. An LSB is the range of the sweep over that of the codes.
    """

    levels: np.ndarray
    codes: np.ndarray
    time_constant_codes: float
    inl_lsb: np.ndarray
    dnl_lsb: np.ndarray

    @property
    def resolution_bits(self) -> float:
        """Of the range of the sweep, as far as the deviations from the line allow."""
        spread = float(np.sqrt(np.mean(self.inl_lsb ** 2)))
        range_lsb = float(self.codes[-1] - self.codes[0])
        return float(np.log2(range_lsb / max(spread, 1e-9) / np.sqrt(12)))


def _voltage(code: np.ndarray, gain: float, time_constant: float, clamp: float) -> np.ndarray:
    """Share of the supply. Signal and reset level cross the same exponential: the code is the
    difference of two times."""
    grown = np.exp(code / time_constant)
    return gain * (grown - 1) / (grown - clamp)


def analyse(levels: np.ndarray, codes: np.ndarray) -> AnalogueReport:
    """Fit the circuit to a sweep, and hold what it says of each code against the level.

    Raises
    ------
    UserError
        If the codes do not rise with the levels, or not as those of an RC ramp: then something is
        not wired as it should be.
    """
    codes = codes - ANALOGUE_ADC.pedestal_codes
    rising = np.diff(codes)
    if len(codes) < 8 or (rising <= 0).mean() > 0.05 or codes[-1] - codes[0] < len(codes):
        raise UserError("the codes of the analogue column do not rise with its test voltage; check "
                        "the wiring in docs/boards.md.")
    gain, time_constant, clamp = _fitted(codes, levels)
    lsb = (levels[-1] - levels[0]) / (codes[-1] - codes[0])
    found = _voltage(codes, gain, time_constant, clamp)
    steps = np.diff(found) / np.diff(levels)
    return AnalogueReport(
        levels=levels, codes=codes, time_constant_codes=float(time_constant),
        inl_lsb=(found - levels) / lsb,
        dnl_lsb=(steps - 1) * np.diff(levels) / lsb)


def _fitted(codes: np.ndarray, levels: np.ndarray) -> tuple[float, float, float]:
    """Gain, time constant and clamp of `_voltage`."""
    start = (1.0, ANALOGUE_ADC.signal_counts / 2, 0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", OptimizeWarning)
        try:
            (gain, time_constant, clamp), _ = curve_fit(_voltage, codes, levels, p0=start,
                                                        maxfev=20_000)
        except (RuntimeError, OptimizeWarning):
            time_constant = 0.0
    if time_constant <= 0:
        raise UserError("the codes of the analogue column are not those of an RC ramp; check the "
                        "resistor and the capacitor in docs/boards.md.")
    return gain, time_constant, clamp


def measure(board: Board, points: int,
            progress: Callable[[int, int], None] = lambda done, total: None) -> AnalogueReport:
    """Sweep the test voltage, and analyse what comes of it.

    Of two answers at each voltage the first is dropped: it gives the filter the time to settle.
    """
    if not 8 <= points <= _MOST_POINTS:
        raise UserError(f"a sweep has 8 to {_MOST_POINTS} points, not {points}.")
    settings = np.unique(np.rint(np.linspace(_LOWEST, _HIGHEST, points)
                                 * (1 << LEVEL_BITS)).astype(int))
    codes = []
    for number, setting in enumerate(settings):
        board.set(analogue_level=int(setting))
        for _ in range(2):
            board.set(analogue_start=1)
            while board.get("analogue_start"):
                pass
        codes.append(board.get("analogue_total") / CONVERSIONS)
        progress(number + 1, len(settings))
    return analyse(settings / (1 << LEVEL_BITS), np.array(codes))
