# SPDX-License-Identifier: Apache-2.0
"""What the host writes into memories, and exposures that the die sets: every room as its model."""

import numpy as np
import pytest

from support.die_runs import assert_exact, write_at
from tapetum.compand.tables import OCTAVES_12, octaves
from tapetum.config import Photodiode
from tapetum.correct.shading_grid import ShadingGrid
from tapetum_sim.models.compand import table_to_window

COLUMN_CORRECTION_ALONE, EVERY_CORRECTION = 0x01, 0x7F


def defect_word(row: int, column: int, photodiodes: int = 3) -> int:
    return row << 20 | column << 4 | photodiodes


def segment_words(table) -> list[int]:
    content = table_to_window(table)
    return [int.from_bytes(content[start:start + 4], "big") for start in range(0, 256, 4)]


def test_listed_defects_are_replaced(run, die, seed):
    generator = np.random.default_rng(seed)
    places = sorted({(int(generator.integers(die.array.rows)),
                      int(generator.integers(die.array.columns))) for _ in range(40)})
    words = [defect_word(row, column, int(generator.integers(1, 4))) for row, column in places]
    record = run(frames=3, seed=seed, windows={"defect_list": words},
                 registers={"defect_list_entries": len(words)},
                 stimuli=[write_at(die, 1.2 * die.timing.frame_length_lines,
                                   image_orientation=3)])
    assert_exact(record, frames=3)


def test_thresholds_of_the_host_replace_those_that_are_built_in(run, die, seed):
    generator = np.random.default_rng(seed)
    entries = 256 * len(die.captures)
    words = (generator.integers(0, 200, entries) << 16 | generator.integers(0, 400, entries))
    record = run(seed=seed, light=2e6, windows={"defect_thresholds": words.tolist()})
    assert_exact(record, frames=2)
    assert not np.array_equal(record.linear, run(seed=seed, light=2e6).linear)


@pytest.mark.parametrize("words", [
    pytest.param([defect_word(5, 1), defect_word(4, 9)], id="out of order"),
    pytest.param([defect_word(3, 4), defect_word(3, 4)], id="twice the same"),
    pytest.param([defect_word(200, 1)], id="beyond the array"),
])
def test_a_list_that_is_none_is_reported_and_not_used(run, words):
    record = run(windows={"defect_list": words}, registers={"defect_list_entries": len(words)})
    assert_exact(record, faults={"defect_list_invalid"})


def test_a_lens_shading_grid_acts_on_both_photodiodes(run, die, seed):
    grid, generator = ShadingGrid(die), np.random.default_rng(seed)
    assert grid.photodiodes == (Photodiode.LARGE, Photodiode.SMALL)
    nodes = generator.integers(1024, 2048, grid.indices).tolist()
    record = run(seed=seed, windows={"lens_shading": nodes},
                 registers={"correction_enable": EVERY_CORRECTION})
    assert_exact(record, frames=2)


def test_a_programmed_table_compands_the_formats_of_its_bits(run, die):
    table = octaves(14)
    lines = die.timing.frame_length_lines
    record = run(frames=3, windows={"companding_segments": segment_words(table)},
                 registers={"companding_bits": 14, "companding_load": 1, "companding_table": 2,
                            "csi_data_format": 0x0E0E},
                 stimuli=[write_at(die, 1.2 * lines, csi_data_format=0x0C0C)])
    assert_exact(record, frames=3)


def test_a_table_that_does_not_fill_its_range_is_refused(run):
    words = segment_words(OCTAVES_12)
    words[3] -= 1
    record = run(windows={"companding_segments": [words[0] + 100, *words[1:]]},
                 registers={"companding_load": 1, "companding_table": 2})
    assert_exact(record, faults={"companding_table_invalid"})


def test_the_die_sets_exposures_as_its_model_does(run, die):
    record = run(frames=6, registers={"exposure_control": 1, "coarse_integration_time": 2})
    assert_exact(record, faults=set(record.faults) & {"exposure_ratio_overflow"}, frames=6)
    exposures = [[(capture["coarse_integration_lines"], capture["fine_integration_cycles"])
                  for capture in frame.settings["captures"]] for frame in record.frames]
    assert exposures[0] == exposures[1]
    assert exposures[3] != exposures[1], "the first frame has been measured"
    assert exposures[5] == exposures[4], "constant light moves nothing"
