# SPDX-License-Identifier: Apache-2.0
"""The table of memories leaves none out, and says of none what is not so."""

import pytest

from tapetum.presets import preset
from tapetum_sim.export.memories import GROUPS, group_of, memories_of, memory_table


@pytest.fixture(scope="module")
def memories():
    return memories_of(preset("tiny"))


def test_every_memory_has_its_place_and_every_place_a_memory(memories):
    groups = [group_of(memory) for memory in memories]
    assert {group.name for group in groups} == {group.name for group in GROUPS}


def test_the_table_counts_every_bit(memories):
    *rows, total = memory_table(preset("tiny"))
    assert total[1] == f"{sum(memory.bits for memory in memories):,}"
    assert len(rows) == len(GROUPS)


@pytest.mark.parametrize("path, data_bits, check_bits", [
    ("csi2.row_memory.words", 96, 1), ("hdr.combine.own_0_2.entries", 36, 1),
    ("compander.compander.search.records", 66, 1), ("readout.table.words", 32, 1)])
def test_a_memory_that_is_said_to_be_protected_has_bits_for_it(memories, path, data_bits,
                                                              check_bits):
    memory, = (memory for memory in memories if memory.path == path)
    assert memory.width == data_bits + check_bits
    assert "parity" in group_of(memory).found_by


def test_programs_have_eight_check_bits_a_word(memories):
    words = [memory for memory in memories if memory.path.startswith("npu.memory")]
    assert sum(memory.width for memory in words) == 72 + 8
    assert all("SECDED" in group_of(memory).found_by for memory in words)
