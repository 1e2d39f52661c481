# SPDX-License-Identifier: Apache-2.0
"""Nothing reaches a register through SPI but what a whole, right block has brought."""

import pytest

from formal.spi_manners import SpiManners
from support.formal import check


def check_manners(folder, mode, depth, **bugs):
    design = SpiManners(**bugs)
    return check(folder, design, design.inputs, mode, depth)


def test_nothing_is_written_but_bytes_of_blocks_whose_check_was_right(tmp_path):
    status, log = check_manners(tmp_path, "prove", 3)
    assert status == 0, log
    assert "successful proof by k-induction" in log, log


@pytest.mark.slow
def test_blocks_come_to_their_end(tmp_path):
    status, log = check_manners(tmp_path, "cover", 90)
    assert status == 0, log
    assert log.count("Reached cover statement") == 1, log


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "depth"), [("careless", 100), ("hasty", 40)])
def test_planted_bugs_break_the_proof(bug, depth, tmp_path):
    status, log = check_manners(tmp_path, "bmc", depth, **{bug: True})
    assert status == 2, log
    assert "Assert failed" in log, log
