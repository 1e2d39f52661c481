# SPDX-License-Identifier: Apache-2.0
"""The model of the array does what its rules say, on programs written by hand."""

from dataclasses import replace
from fractions import Fraction
from math import floor

import numpy as np
import pytest

from tapetum.npu.program import LayerRecord, Mode, Program, TensorRecord
from tapetum_sim.models.npu import MissingRowError, NpuModel
from tapetum_sim.models.npu_cells import rescale


def half_away(value: Fraction) -> int:
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


def test_double_rounding_is_two_exact_roundings(seed):
    rng = np.random.default_rng(seed)
    total = rng.integers(-1 << 31, 1 << 31, 2000)
    multiplier, shift = rng.integers(0, 1 << 31, 2000), rng.integers(0, 32, 2000)
    made = rescale(total, multiplier, shift, np.zeros(2000, np.int64))
    for sum_, factor, right, code in zip(total.tolist(), multiplier.tolist(), shift.tolist(),
                                         made.tolist(), strict=True):
        first = floor(Fraction(sum_ * factor, 1 << 31) + Fraction(1, 2))
        assert code == (half_away(Fraction(first, 1 << right)) if right else first)


def test_single_rounding_is_one_exact_rounding(seed):
    rng = np.random.default_rng(seed)
    total = rng.integers(-1 << 31, 1 << 31, 2000)
    multiplier, shift = rng.integers(0, 1 << 31, 2000), rng.integers(0, 32, 2000)
    made = rescale(total, multiplier, shift, np.ones(2000, np.int64))
    for sum_, factor, right, code in zip(total.tolist(), multiplier.tolist(), shift.tolist(),
                                         made.tolist(), strict=True):
        assert code == floor(Fraction(sum_ * factor, 1 << (31 + right)) + Fraction(1, 2))


def two_copies(*, rows=2, schedule=(0, 1, 0, 1, 0, 1)) -> Program:
    """A map of 3 rows of 2 pixels is copied twice by a 1x1 layer of eight channels."""
    weights = np.zeros((8, 1, 9), np.int8)
    weights[np.arange(8), 0, np.arange(8)] = 2
    layer = LayerRecord(
        mode=Mode.CHANNELS, kernel_height=1, kernel_width=1, in_tensor=0, in_height=3, in_width=2,
        vectors=1, out_tensor=1, out_height=3, out_width=2, groups=1, out_pixel_words=1)
    ring = TensorRecord(base=0, ring_rows=4, row_words=2, height=3, pixel_words=1)
    flat = np.zeros((8, 1), np.int64)
    return Program(
        cells=8, weights=weights, bias=flat, multiplier=flat + (1 << 30), shift=flat,
        single_rounding=flat, layers=(layer, replace(layer, in_tensor=1, out_tensor=2)),
        tensors=(ring, replace(ring, base=2, ring_rows=rows), replace(ring, base=4)),
        schedule=np.array(schedule, np.uint8), tables=np.zeros((0, 512), np.int32),
        input_shape=(3, 2, 8), output_tensor=2)


def image(seed):
    return np.random.default_rng(seed).integers(-128, 128, (3, 2, 8), dtype=np.int8)


def test_copies_are_copies_and_say_where_they_lie(seed):
    model = NpuModel(two_copies())
    scores = model.run(image(seed))
    np.testing.assert_array_equal(scores, image(seed)[0])
    np.testing.assert_array_equal(model.tensor(2), image(seed))
    assert [(row.layer, row.row) for row in model.written] == [
        (0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]
    assert model.written[4].banks.tolist() == [[0], [0]]  # row 2 is back in slot 0
    assert model.written[4].addresses.tolist() == [[2], [3]]
    assert model.written[5].banks.tolist() == [[2], [2]]


def test_time_is_steps_switches_and_waits(seed):
    model = NpuModel(two_copies())
    model.run(image(seed))
    starts = [row.start for row in model.written]
    # 22 clocks and 2 words of input; 2 steps and 37 clocks through the cells; the next row is
    # handed over a clock behind the first step, and takes 8 from there on
    assert starts == [24, 63, 72, 111, 120, 159]
    assert model.cycles == 209
    live = NpuModel(two_copies(), row_period=80)
    live.run(image(seed))
    assert [row.start for row in live.written][::2] == [96, 176, 256]
    assert live.late_rows == 0


def test_rows_that_come_too_fast_are_counted(seed):
    program = two_copies()
    first = replace(program.tensors[0], ring_rows=1)
    model = NpuModel(replace(program, tensors=(first, *program.tensors[1:])), row_period=10)
    model.run(image(seed))
    assert model.late_rows == 2


@pytest.mark.parametrize("rows, schedule", [
    (1, (0, 0, 1, 1, 0, 1)),   # row 0 is overwritten before it is read
    (2, (0, 0, 0, 1, 1, 1)),
])
def test_a_row_that_was_overwritten_too_early_is_an_error(rows, schedule, seed):
    with pytest.raises(MissingRowError, match=r"row 0 of tensor 1 is read where row \d"):
        NpuModel(two_copies(rows=rows, schedule=schedule)).run(image(seed))


def test_maps_that_share_words_too_early_are_an_error(seed):
    program = two_copies(rows=4, schedule=(0, 0, 1, 0, 1, 1))
    shared = replace(program.tensors[2], base=2)
    with pytest.raises(MissingRowError, match="of tensor 2 lies"):
        NpuModel(replace(program, tensors=(*program.tensors[:2], replace(
            shared, first_bank=1)))).run(image(seed))


def test_a_schedule_must_make_every_row(seed):
    with pytest.raises(MissingRowError, match=r"the schedule makes \[3, 2\] rows"):
        NpuModel(two_copies(schedule=(0, 1, 0, 1, 0))).run(image(seed))
