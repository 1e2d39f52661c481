# SPDX-License-Identifier: Apache-2.0
"""Every multiplier and memory of the array has a site of its own, of an LFE5U-85F."""

import re
from itertools import product

from tapetum_sim.bench.array_floorplan import array_floorplan

BLOCK_LEFT = {4 + 9 * block + 2 * (block > 6) for block in range(13)}
MULTIPLIERS = [f"room.chain.cell_{cell}.{name}_TRELLIS_FF_Q_DI_MULT18X18D_P0"
               for cell, name in product(range(8), (
                   *(f"product_{lane}" for lane in range(9)),
                   *(f"requantise.{part}" for part in ("low", "high", "cross"))))]
MEMORIES = [f"room.chain.cell_{cell}.{name}.block_{bit}.0.0" for cell, (name, bit) in product(
    range(8), (*product(("weights", "parameters"), (0, 36)), ("parameters", 72)))] + [
    f"room.activations.bank_{bank}_0.block_{bit}.0.0"
    for bank, bit in product(range(4), (0, 18, 36, 54))]


def place_of(name: str, kind: str) -> tuple[int, ...]:
    """Column, row and place of a site of that kind."""
    found = re.fullmatch(rf"X(\d+)/Y(\d+)/{kind}(\d)", array_floorplan(name) or "")
    assert found, name
    return tuple(map(int, found.groups()))


def test_no_two_share_a_site():
    sites = [array_floorplan(name) for name in MULTIPLIERS + MEMORIES]
    assert None not in sites
    assert len(set(sites)) == len(sites) == 8 * (12 + 5) + 16


def test_multipliers_stand_in_the_rows_that_have_some():
    for name in MULTIPLIERS:
        column, row, place = place_of(name, "MULT18_")
        assert row in (10, 34, 58), name
        assert place in (0, 1, 4, 5), name
        assert column - place in BLOCK_LEFT, name


def test_memories_stand_in_the_rows_that_have_some():
    for name in MEMORIES:
        column, row, place = place_of(name, "EBR")
        assert row in (22, 46, 70), name
        assert place < 4, name
        assert column - 2 * place in BLOCK_LEFT, name


def test_everything_else_may_stand_anywhere():
    assert array_floorplan("room.setup.records.block_16.0.0") is None
    assert array_floorplan("room.residual.table_0.block_16.0.0") is None
