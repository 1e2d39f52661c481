# SPDX-License-Identifier: Apache-2.0
"""Records of a program reach the array as they were said."""

from dataclasses import fields, replace

import pytest

from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import (
    LAYER_LAYOUT,
    TABLE_WORD_BITS,
    TENSOR_LAYOUT,
    LayerRecord,
    Mode,
    TensorRecord,
)
from tapetum.room_config import ConfigError

__all__ = []

LAYER = LayerRecord(
    mode=Mode.DEPTHWISE, kernel_height=3, kernel_width=3, stride_y=2, stride_x=2, pad_top=1,
    pad_left=1, in_tensor=5, in_height=48, in_width=47, vectors=2, out_tensor=6, out_height=24,
    out_width=24, groups=2, zero_point_in=-128, act_max=-1, out_pixel_words=4, out_word_offset=2,
    add_parameter=4095)


def test_a_layer_is_read_back_as_it_was_packed():
    image = sum(word << TABLE_WORD_BITS * index for index, word in enumerate(LAYER.words()))
    packed = LAYER_LAYOUT.from_bits(image)
    for field in fields(LAYER):
        if field.name == "in_pixel_words":  # only in what follows from it
            continue
        assert getattr(packed, field.name) == getattr(LAYER, field.name), field.name
    assert (packed.stride_words, packed.pad_words, packed.tap_words) == (4, 2, 2)
    assert packed.pushes == 23 * 2 - 1 + 3


@pytest.mark.parametrize("others, tap_words", [({}, 1), ({"in_pixel_words": 5}, 4),
                                               ({"grouped": True}, 2)])
def test_the_next_tap_lies_behind_the_words_that_are_not_read(others, tap_words):
    words = replace(LAYER, mode=Mode.CHANNELS, **others).words()
    image = sum(word << TABLE_WORD_BITS * index for index, word in enumerate(words))
    assert LAYER_LAYOUT.from_bits(image).tap_words == tap_words


@pytest.mark.parametrize("mode, stride, pad, lead, pushes", [
    (Mode.DEPTHWISE, 1, 1, 1, 12), (Mode.DEPTHWISE, 2, 1, 0, 12), (Mode.DEPTHWISE, 2, 0, 3, 13),
    (Mode.KERNEL_ROW, 2, 1, 2, 12), (Mode.CHANNELS, 2, 1, 1, 12)])
def test_two_pixels_begin_where_their_window_of_columns_does(mode, stride, pad, lead, pushes):
    words = replace(LAYER, mode=mode, stride_x=stride, pad_left=pad, out_width=23).words(2)
    packed = LAYER_LAYOUT.from_bits(sum(word << TABLE_WORD_BITS * index
                                        for index, word in enumerate(words)))
    assert (packed.lead_columns, packed.pushes) == (lead, pushes)
    assert packed.pad_words == 2 * -(-lead // 4)
    assert packed.pixel_words == 2


def test_pixels_of_a_whole_map_all_have_the_place_of_the_first_one():
    layer = replace(LAYER, mode=Mode.WHOLE_MAP, kernel_width=1, stride_y=3, stride_x=0, pad_left=0,
                    out_height=1, out_width=9)
    packed = LAYER_LAYOUT.from_bits(sum(word << TABLE_WORD_BITS * index
                                        for index, word in enumerate(layer.words(2))))
    assert (packed.stride_words, packed.pad_words, packed.lead_columns) == (0, 0, 0)


def test_a_tensor_is_read_back_as_it_was_packed():
    tensor = TensorRecord(base=4711, first_bank=3, ring_rows=12, row_words=96, height=48,
                          pixel_words=2)
    packed = TENSOR_LAYOUT.from_bits(tensor.word())
    for field in fields(tensor):
        assert getattr(packed, field.name) == getattr(tensor, field.name), field.name


@pytest.mark.parametrize("name, value", [("groups", 1024), ("zero_point_in", 128),
                                         ("pad_left", -1)])
def test_a_value_that_does_not_fit_its_field_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} of a layer must lie between"):
        replace(LAYER, **{name: value}).words()


def test_an_array_of_a_size_that_is_not_built_is_refused():
    with pytest.raises(ConfigError, match="cells must be 2, 4 or 8, not 3"):
        NpuConfig(cells=3)
    with pytest.raises(ConfigError, match="pixels must be 1, or 2 with 8 cells, not 2 with 4"):
        NpuConfig(cells=4, pixels=2)
    with pytest.raises(ConfigError, match="activation_words must be a multiple of 4, not 6"):
        NpuConfig(pixels=2, activation_words=6)
