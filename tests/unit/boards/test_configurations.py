# SPDX-License-Identifier: Apache-2.0
"""A board's array is small, and judges every frame of the project's own network in time."""

from dataclasses import replace

import numpy as np
import pytest

from tapetum.presets import preset
from tapetum_boards.configurations import with_board_timing, with_cells
from tapetum_boards.whole_die import BOARD_CELLS
from tapetum_compiler.backend.regroup import regrouped
from tapetum_compiler.models import tunnel_program
from tapetum_sim.frame.array_setup import require_room
from tapetum_sim.models.npu import NpuModel


@pytest.mark.parametrize("name", ["tiny", "tiny3", "qvga"])
def test_the_packaged_network_fits_and_is_in_time(name, seed):
    config, program = with_board_timing(name), regrouped(tunnel_program(), BOARD_CELLS)
    assert config.npu is not None
    require_room(config.npu, program)
    timing = config.timing
    frame_cycles = timing.line_length_cycles * timing.frame_length_lines
    assert 59.5 <= config.sync_clock_hz / frame_cycles <= 60.5
    assert config.array.total_rows + config.largest_lag_lines < timing.frame_length_lines, \
        "frames overlap: the self-test could not follow them"
    image = np.random.default_rng(seed).integers(-128, 128, program.input_shape).astype(np.int8)
    row_period = timing.line_length_cycles * config.array.rows // program.input_shape[0]
    model = NpuModel(program, row_period)
    model.run(image)
    assert model.late_rows == 0
    assert model.cycles - row_period * program.input_shape[0] < frame_cycles // 10


def test_three_captures_see_the_dark_lamps_and_the_sun():
    whole, fewer = with_board_timing("tiny"), with_board_timing("tiny3")
    assert [capture.name for capture in fewer.captures] == ["HCG", "SPD", "VS"]
    assert replace(fewer, name=whole.name, captures=whole.captures) == whole


def test_no_cells_are_no_array():
    for name in ("tiny", "hd"):
        assert with_cells(preset(name), 0).npu is None


def test_an_array_of_other_cells_has_room_for_the_same_networks():
    whole = preset("qvga")
    for cells in (2, 4):
        fewer = with_cells(whole, cells)
        assert fewer.npu
        assert whole.npu
        assert fewer.npu.cells == cells
        assert fewer.npu.cells * fewer.npu.weight_words == 8 * whole.npu.weight_words
        assert with_cells(fewer, 8) == whole
    assert with_cells(preset("uhd"), 2) == preset("uhd"), "without an array"
