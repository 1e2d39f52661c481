# SPDX-License-Identifier: Apache-2.0
"""Fixed-point factors are the nearest there are, and rounding is the one that is written down."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest

from tapetum_compiler.arithmetic import Rescale, Rounding, rescaled


def half_away(number: Fraction) -> int:
    return floor(number + Fraction(1, 2)) if number >= 0 else -floor(-number + Fraction(1, 2))


def half_up(number: Fraction) -> int:
    return floor(number + Fraction(1, 2))


def factors(rng, count):
    return 2.0 ** rng.uniform(-31, 3, count)


def test_factors_are_the_nearest_of_31_bits(seed):
    wanted = factors(np.random.default_rng(seed), 500)
    made = Rescale.of(wanted)
    for factor, multiplier, exponent in zip(wanted, made.multiplier, made.exponent, strict=True):
        assert 1 << 30 <= multiplier < 1 << 31
        unit = Fraction(2) ** (int(exponent) - 31)
        assert abs(int(multiplier) * unit - Fraction(float(factor))) <= unit / 2


def test_factors_that_round_up_to_the_next_power_stay_in_31_bits():
    made = Rescale.of([np.nextafter(1.0, 0.0)])
    assert (made.multiplier.tolist(), made.exponent.tolist()) == ([1 << 30], [1])


def test_factors_below_the_smallest_exponent_are_zero():
    made = Rescale.of([2.0**-33, 2.0**-32])
    assert (made.multiplier.tolist(), made.exponent.tolist()) == ([0, 1 << 30], [0, -31])


@pytest.mark.parametrize("rounding", Rounding)
def test_every_product_is_rounded_as_written_down(rounding, seed):
    rng = np.random.default_rng(seed)
    rescale = Rescale.of(factors(rng, 300))
    limit = (1 << 31) >> np.maximum(rescale.exponent, 0)
    values = np.concatenate([rng.integers(-limit, limit, (20, 300)),
                             rng.integers(-300, 300, (20, 300)), -limit[None], limit[None] - 1])
    made = rescaled(values, rescale, rounding)
    for channel, (multiplier, exponent) in enumerate(zip(
            rescale.multiplier.tolist(), rescale.exponent.tolist(), strict=True)):
        for value, result in zip(values[:, channel].tolist(), made[:, channel].tolist(),
                                 strict=True):
            if rounding is Rounding.SINGLE:
                wanted = half_up(Fraction(value * multiplier) * Fraction(2) ** (exponent - 31))
            else:
                left, right = max(exponent, 0), max(-exponent, 0)
                high = half_up(Fraction((value << left) * multiplier, 1 << 31))
                wanted = half_away(Fraction(high, 1 << right))
            assert result == wanted


def test_the_two_roundings_differ_where_the_first_one_made_a_half():
    rescale = Rescale.of([0.75 * 2.0**-10])
    values = np.arange(-100000, 100000)[:, None]
    twice, once = (rescaled(values, rescale, rounding) for rounding in
                   (Rounding.DOUBLE, Rounding.SINGLE))
    assert set(np.unique(twice - once)) == {-1, 0, 1} or set(np.unique(twice - once)) == {-1, 0}
