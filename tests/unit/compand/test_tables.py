# SPDX-License-Identifier: Apache-2.0
"""Tables are what they are said to be, their inverse is exact, and nonsense is refused."""

import numpy as np
import pytest

from support import expect_rejected
from tapetum.compand.tables import (
    BUILT_IN_TABLES,
    OCTAVES_12,
    OCTAVES_14,
    OCTAVES_16,
    OCTAVES_20,
    OX03C10,
    CompandingTable,
)
from tapetum.config import ConfigError
from tapetum_sim.models.compand import compand, expand

OX03C10_KNOTS = {
    0: 0, 512: 512, 1024: 767, 2048: 1023, 4096: 1535, 8192: 1791, 16384: 2047, 32768: 2303,
    65536: 2559, 131072: 2815, 262144: 3071, 524288: 3199, 1048576: 3327, 2097152: 3519,
    4194304: 3711, 8388608: 3903, 16777216: 4095}
OX03C10_WIDTHS = [9, 9, 10, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18,
                  18, 18, 19, 19, 19, 20, 20, 20, 21, 21, 21, 22]


def worst_step(table, *, above):
    """Largest relative step between neighbouring output codes."""
    codes = np.arange(int(compand(above, table)), int(compand((1 << 24) - 1, table)) + 1)
    x = np.unique(expand(codes, table)).astype(np.float64)
    return (np.diff(x) / x[:-1]).max()


def test_ox03c10_has_its_33_segments_and_passes_through_every_published_knot():
    assert list(OX03C10.widths_log2) == OX03C10_WIDTHS
    assert list(OX03C10.steps) == [512, 255, 256, 256, 256] + [128] * 12 + [64] * 16
    assert OX03C10_KNOTS.items() <= dict(OX03C10.knots).items()


def test_ox03c10_steps_by_at_most_0_78_percent():
    assert worst_step(OX03C10, above=512) <= 0.0079
    assert round(100 * worst_step(OX03C10, above=4096), 2) == 0.78


def test_octaves_step_by_at_most_0_44_percent_above_4096():
    assert worst_step(OCTAVES_12, above=4096) <= 0.0044


@pytest.mark.parametrize("table, linear, share", [
    (OCTAVES_12, 256, 240), (OCTAVES_14, 1024, 1097), (OCTAVES_16, 4096, 5120),
    (OCTAVES_20, 65536, 122880)])
def test_octaves_follow_their_formula(table, linear, share, seed):
    low = linear.bit_length() - 1
    drawn = np.random.default_rng(seed).integers(0, 1 << 24, 2000).tolist()
    for x in [*drawn, 0, (1 << 24) - 1]:
        k = x.bit_length() - 1
        y = x if x < linear else linear + share * (k - low) + (((x - (1 << k)) * share) >> k)
        assert compand(x, table) == y


LAST_CODES = [(OCTAVES_12, 4095), (OX03C10, 4094), (OCTAVES_14, 16381), (OCTAVES_16, 65535),
              (OCTAVES_20, 1048575)]


@pytest.mark.parametrize("table, last", LAST_CODES, ids=lambda item: getattr(item, "name", ""))
def test_curves_rise_monotonically_to_their_end(table, last):
    corners = np.array([x for x, _ in table.knots])[:, np.newaxis] + np.arange(-3000, 3000)
    values = np.unique(np.clip(corners, 0, (1 << 24) - 1))
    codes = compand(values, table).astype(np.int64)
    assert (np.diff(codes) >= 0).all()
    assert codes[0] == 0
    assert codes[-1] == last


@pytest.mark.parametrize("table", BUILT_IN_TABLES, ids=lambda table: table.name)
def test_the_inverse_is_the_smallest_value_with_that_code(table, seed):
    values = np.random.default_rng(seed).integers(1, 1 << 24, 50_000)
    codes = compand(values, table)
    least = expand(codes, table)
    assert (compand(least, table) == codes).all()
    assert (least <= values).all()
    above = least > 0
    assert (compand(least[above] - 1, table) < codes[above]).all()


def changed(**changes):
    table = {"name": "test", "output_bits": 12, "widths_log2": [23, 23], "steps": [2048, 2048]}
    return CompandingTable(**(table | changes))


@pytest.mark.parametrize("changes, culprit", [
    ({"widths_log2": [23, 22]}, "sum to 12582912"),
    ({"steps": [2048, 2049]}, "sum to 4097"),
    ({"steps": [2048, 1024]}, "sum to 3072"),
    ({"steps": [4096, 0]}, "does not rise"),
    ({"steps": [5096, -1000]}, "does not rise"),
    ({"steps": [4096]}, "as many steps"),
    ({"widths_log2": [24], "steps": [4096]}, "between 0 and 23"),
    ({"widths_log2": [18] * 64 + [9], "steps": [63] * 65}, "1 to 64 segments"),
    ({"output_bits": 24}, "output_bits"),
])
def test_rejects_tables_that_cannot_work(changes, culprit):
    with expect_rejected("companding table test", culprit, exception=ConfigError):
        changed(**changes)
