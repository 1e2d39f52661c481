# SPDX-License-Identifier: Apache-2.0
"""The CCI target never drives out of turn, and no state of the lines keeps it from a new start."""

import pytest

from formal.cci_manners import CciManners
from support.formal import check


def check_manners(folder, mode, depth, **bugs):
    design = CciManners(**bugs)
    return check(folder, design, [design.domain.clk, design.scl, design.sda, design.read_data],
                 mode, depth)


def test_it_pulls_in_its_own_bits_alone_and_obeys_start_and_stop(tmp_path):
    status, log = check_manners(tmp_path, "prove", 4)
    assert status == 0, log
    assert "successful proof by k-induction" in log, log


def test_it_answers_and_gives_bits(tmp_path):
    status, log = check_manners(tmp_path, "cover", 60)
    assert status == 0, log
    assert log.count("Reached cover statement") == 2, log


@pytest.mark.parametrize("bug", ["deaf", "promiscuous"])
def test_planted_bugs_break_the_proof(bug, tmp_path):
    status, log = check_manners(tmp_path, "bmc", 30, **{bug: True})
    assert status == 2, log
    assert "Assert failed" in log, log
