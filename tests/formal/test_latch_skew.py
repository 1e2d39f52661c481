# SPDX-License-Identifier: Apache-2.0
"""A column latch is off by at most one count, however its bits are skewed."""

import pytest

from formal.latch_skew import LatchSkew
from support.formal import check
from tapetum.config import AdcConfig
from tapetum.presets import preset


def check_skew(folder, mode, depth, *, bits, binary_count=False, memories=None):
    design = LatchSkew(AdcConfig(bits=bits), binary_count=binary_count, memories=memories)
    return check(folder, design, [design.domain.clk, design.skewed, design.comparator,
                                  design.enable], mode, depth)


def test_latch_is_off_by_at_most_one_count(tmp_path):
    status, log = check_skew(tmp_path, "prove", 8, bits=12)
    assert status == 0, log
    assert "successful proof by k-induction" in log, log


def test_count_in_a_memory_is_off_by_at_most_one(tmp_path):
    config = preset("tiny")
    status, log = check_skew(tmp_path, "prove", 10, bits=config.adc.bits, memories=config)
    assert status == 0, log
    assert "successful proof by k-induction" in log, log


@pytest.mark.parametrize("memories", [None, preset("tiny")], ids=["planes", "memories"])
def test_latch_can_be_off_by_one_count(tmp_path, memories):
    status, log = check_skew(tmp_path, "cover", 14, bits=10, memories=memories)
    assert status == 0, log
    assert log.count("Reached cover statement") == 2, log


def test_binary_count_breaks_the_proof(tmp_path):
    status, log = check_skew(tmp_path, "bmc", 14, bits=8, binary_count=True)
    assert status == 2, log
    assert "Assert failed" in log, log
