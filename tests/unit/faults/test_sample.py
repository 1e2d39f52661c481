# SPDX-License-Identifier: Apache-2.0
"""Samples are uniform over bits, repeatable, and longer ones begin with shorter ones."""

import numpy as np
import pytest

from tapetum_sim.faults.netlist import Element
from tapetum_sim.faults.sample import FLIP_FLOPS_FROM, Kind, Stratum, draw
from tapetum_sim.faults.shares import share


def element(path: str, *, width: int, depth: int = 1, on_die: bool = True, bits=None) -> Element:
    return Element(variable="v", path=path, width=width, depth=depth,
                   bits=tuple(range(width)) if bits is None else bits, is_memory=depth > 1,
                   on_die=on_die)


ELEMENTS = [element("bench.x", width=500, on_die=False), element("a.small", width=4, bits=(1, 3)),
            element("b.memory", width=6, depth=33), element("a.large", width=100)]


def sample(count=3000, **options):
    return draw(ELEMENTS, **{"stratum": Stratum.ALL, "count": count, "seed": 7,
                             "window_ps": 1000, "kinds": list(Kind), **options})


def test_every_state_bit_of_the_die_is_as_likely(seed):
    total = 2 + 6 * 33 + 100
    drawn = sample(count=60 * total, seed=seed)
    places, counts = np.unique([(one.element, one.word, one.bit) for one in drawn], axis=0,
                               return_counts=True)
    assert len(places) == total
    assert not (places[:, 0] == 0).any()
    # Pearson's statistic of a uniform law has mean total - 1 and variance twice that.
    statistic = ((counts - 60) ** 2 / 60).sum()
    assert abs(statistic - total) < 6 * np.sqrt(2 * total)


def test_only_bits_that_are_state_are_drawn():
    assert {one.bit for one in sample() if one.element == 1} == {1, 3}


def test_a_longer_sample_begins_with_the_shorter_one():
    assert sample(count=500)[:200] == sample(count=200)


def test_flip_flops_have_numbers_and_a_sample_of_their_own():
    drawn = sample(stratum=Stratum.FLIP_FLOPS)
    assert {one.element for one in drawn} == {1, 3}
    assert drawn[0].number == FLIP_FLOPS_FROM


def test_a_room_is_drawn_from_by_itself():
    assert {one.element for one in sample(room="a")} == {1, 3}
    with pytest.raises(ValueError, match="no such state bits"):
        sample(room="c")


def test_kinds_come_in_turn_and_times_fall_into_the_window():
    drawn = sample()
    assert [one.kind for one in drawn[:4]] == ["seu", "stuck0", "stuck1", "seu"]
    assert 0 <= min(one.offset_ps for one in drawn) < max(one.offset_ps for one in drawn) < 1000


def test_intervals_are_wilsons():
    # Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20.
    for count, of, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                                 (0, 20, 0.0, 0.1611)):
        found = share(count, of)
        assert found.low == pytest.approx(low, abs=1e-4)
        assert found.high == pytest.approx(high, abs=1e-4)
    assert share(0, 0).value is None
