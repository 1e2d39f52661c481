# SPDX-License-Identifier: Apache-2.0
"""A compiled network gives what the golden model gives, in every tensor and for every array."""

from dataclasses import replace

import numpy as np
import pytest

from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Mode
from tapetum_compiler.arithmetic import Rescale, Rounding
from tapetum_compiler.backend.capacity import needed_words
from tapetum_compiler.backend.compile import compile_network
from tapetum_compiler.errors import CompileError
from tapetum_compiler.golden import execute
from tapetum_compiler.importers import read_network
from tapetum_compiler.network import Add, Concat, Padding, Pool, PoolKind
from tapetum_compiler.passes import drop_constants
from tapetum_sim.models.npu import NpuModel

from .networks import (
    NO_PADDING,
    RING,
    convolution,
    images,
    network_of,
    residual_network,
    tensor,
)
from .tflite_models import data_file

SIZES = [{"cells": 2}, {"cells": 4}, {"cells": 8}, {"cells": 8, "pixels": 2}]


def assert_the_array_gives_the_golden_tensors(network, image, **options):
    made = compile_network(network, **options)
    assert_its_program_does(made, image, options.get("row_period"))
    return made


def assert_its_program_does(made, image, row_period=None):
    model = NpuModel(made.program, row_period)
    scores = model.run(image)
    wanted = execute(made.network, image)
    for name, place in made.tensors.items():
        codes = model.tensor(made.map_numbers[place.map.name])[..., place.places]
        np.testing.assert_array_equal(codes, wanted[name][0], err_msg=name)
    last = made.network.outputs[0]
    if last.name in made.tensors:
        np.testing.assert_array_equal(scores[:, :last.channels], wanted[last.name][0, 0])
    assert model.cycles == made.schedule.cycles
    assert model.late_rows == made.schedule.late_rows


def test_what_the_array_cannot_hold_is_named_with_what_is_missing(seed):
    network = residual_network(np.random.default_rng(seed))
    needed = needed_words(compile_network(network).program)
    enough = NpuConfig(**{name: max(count, 2) for name, count in needed.items()})
    compile_network(network, config=enough)
    with pytest.raises(CompileError, match=rf"needs {needed['weight_words']:,} words of weights in "
                       r"each cell, 3 more than there are; use a smaller"):
        compile_network(network, config=replace(enough, weight_words=needed["weight_words"] - 3))
    with pytest.raises(CompileError, match=r"words of nine bytes in a bank of programs, \d+ more"):
        compile_network(network, config=replace(enough, program_words=64))
    with pytest.raises(CompileError, match=r"schedule, 1 more than there are"):
        compile_network(network, config=replace(
            enough, schedule_entries=needed["schedule_entries"] - 1))


def assert_all_arrays_do(network, seed):
    image = images(np.random.default_rng(seed), network, 1)[0][0]
    return [assert_the_array_gives_the_golden_tensors(network, image, dense=True, **size)
            for size in SIZES]


@pytest.mark.parametrize("window, stride, padding", [
    ((1, 1), (1, 1), Padding()), ((3, 3), (1, 1), RING), ((5, 5), (2, 2), Padding(1, 2, 2, 1)),
    ((2, 4), (1, 3), Padding(0, 1, 1, 2)), ((9, 11), (1, 1), Padding())])
@pytest.mark.parametrize("channels_in, channels", [(4, 6), (19, 21)])
def test_convolutions_of_any_shape(window, stride, padding, channels_in, channels, seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (9, 11, channels_in), zero_point=17)
    layer = convolution(rng, image, "layer", channels=channels, window=window, stride=stride,
                        padding=padding)
    for made in assert_all_arrays_do(network_of(layer), seed):
        assert made.layers[0].mode is Mode.CHANNELS


@pytest.mark.parametrize("height, stride, padding", [
    (3, (2, 2), Padding(0, 0, 1, 1)), (3, (1, 1), RING), (2, (1, 3), Padding(1, 1, 0, 0)),
    (1, (1, 1), Padding(0, 2, 0, 2))])
@pytest.mark.parametrize("channels_in", [1, 3])
def test_the_first_layer_of_few_channels_takes_a_row_of_the_kernel_a_step(height, stride, padding,
                                                                          channels_in, seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (8, 8, channels_in), zero_point=-3)
    layer = convolution(rng, image, "layer", channels=49, window=(height, 3), stride=stride,
                        padding=padding)
    for made in assert_all_arrays_do(network_of(layer), seed):
        assert made.layers[0].mode is Mode.KERNEL_ROW


@pytest.mark.parametrize("stride, padding", [
    ((1, 1), RING), ((2, 2), Padding(0, 0, 1, 1)), ((1, 2), Padding(2, 1, 1, 0)),
    ((3, 1), Padding())])
def test_depthwise_windows_of_nine_take_a_step_each(stride, padding, seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (9, 8, 3), zero_point=40)
    first = convolution(rng, image, "first", channels=21, window=(3, 3), padding=RING)
    second = convolution(rng, first.output, "second", channels=21, window=(3, 3), stride=stride,
                         padding=padding, is_depthwise=True, zero_point=9)
    for made in assert_all_arrays_do(network_of(first, second), seed):
        assert made.layers[1].mode is Mode.DEPTHWISE


@pytest.mark.parametrize("window, stride, multiplier", [
    ((5, 5), (1, 1), 1), ((3, 3), (1, 3), 1), ((1, 1), (1, 1), 1), ((3, 3), (1, 1), 3)])
def test_other_depthwise_layers_run_as_channels(window, stride, multiplier, seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (7, 9, 11), zero_point=40)
    layer = convolution(rng, image, "layer", channels=11 * multiplier, window=window,
                        stride=stride, is_depthwise=True)
    for made in assert_all_arrays_do(network_of(layer), seed):
        assert made.layers[0].mode is Mode.CHANNELS


@pytest.mark.parametrize("rounding", Rounding)
def test_a_full_connection_of_a_map(rounding, seed):
    rng = np.random.default_rng(seed)
    layer = convolution(rng, tensor("image", (4, 5, 10)), "layer", channels=10, window=(4, 5),
                        rounding=rounding)
    assert_all_arrays_do(network_of(layer), seed)


def pool(source, size, window, stride, kind, padding=NO_PADDING):
    return Pool(name="pool", inputs=(source,), output=tensor("pool", (*size, source.channels)),
                window=window, stride=stride, padding=padding, kind=kind, act_min=-100)


@pytest.mark.parametrize("window, stride, size", [
    ((2, 2), (2, 2), (4, 4)), ((3, 3), (2, 2), (3, 3)), ((8, 8), (8, 8), (1, 1)),
    ((1, 1), (2, 2), (4, 4)), ((3, 7), (1, 1), (6, 2))])
def test_averages_round_as_divisions_do(window, stride, size, seed):
    image = tensor("image", (8, 8, 13))
    assert_all_arrays_do(
        network_of(pool(image, size, window, stride, PoolKind.AVERAGE)), seed)


def test_maxima_ignore_the_border(seed):
    network = network_of(pool(tensor("image", (7, 8, 13)), (4, 4), (3, 3), (2, 2), PoolKind.MAX,
                              Padding(1, 1, 1, 0)))
    assert_all_arrays_do(network, seed)


def test_a_mean_over_a_whole_map_has_a_factor_below_a_half(seed):
    """As importers make it: a depthwise layer of ones."""
    rng = np.random.default_rng(seed)
    image = tensor("image", (12, 12, 9), zero_point=5)
    layer = convolution(
        rng, image, "mean", channels=9, window=(12, 12), is_depthwise=True,
        weights=np.ones((9, 12, 12, 1), np.int8), bias=np.zeros(9, np.int64),
        rescale=Rescale(np.full(9, (1_900_000_000 << 7) // 144), np.full(9, -7)))
    assert layer.rescale.multiplier.max() < 1 << 31
    assert_all_arrays_do(network_of(layer), seed)


@pytest.mark.parametrize("wide", [False, True])
def test_a_sum_ends_the_convolution_before_it(wide, seed):
    for made in assert_all_arrays_do(residual_network(np.random.default_rng(seed), wide=wide),
                                     seed):
        assert len(made.layers) == 2


def test_of_two_convolutions_the_longer_one_hides_the_sum(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (6, 6, 12))
    first = convolution(rng, image, "first", channels=9)
    long = convolution(rng, first.output, "long", channels=9, window=(3, 3), padding=RING)
    short = convolution(rng, first.output, "short", channels=9)
    total = Add.of(name="total", inputs=(long.output, short.output),
                   output=tensor("total", (6, 6, 9)))
    for made in assert_all_arrays_do(network_of(first, long, short, total), seed):
        assert [layer.kind for layer in made.layers] == ["pointwise", "pointwise", "convolution"]


def test_a_sum_of_maps_with_other_readers_gets_a_layer_of_its_own(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (6, 7, 5))
    left = convolution(rng, image, "left", channels=10, window=(3, 3), padding=RING)
    right = convolution(rng, left.output, "right", channels=10, window=(3, 3), padding=RING,
                        is_depthwise=True)
    total = Add.of(name="total", inputs=(left.output, right.output),
                   output=tensor("total", (6, 7, 10)))
    twice = Add.of(name="twice", inputs=(total.output, right.output),
                   output=tensor("twice", (6, 7, 10), zero_point=3))
    itself = Add.of(name="itself", inputs=(twice.output, twice.output),
                    output=tensor("itself", (6, 7, 10), zero_point=30))
    assert_all_arrays_do(network_of(left, right, total, twice, itself), seed)


def test_joined_maps_cost_nothing_and_may_have_gaps(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (6, 7, 5))
    left = convolution(rng, image, "left", channels=10, window=(3, 3), padding=RING)
    right = convolution(rng, left.output, "right", channels=7, window=(3, 3), padding=RING)
    first = convolution(rng, left.output, "first", channels=3)
    join = Concat(name="join", inputs=(right.output, first.output),
                  output=tensor("join", (6, 7, 10)))
    deep = convolution(rng, join.output, "deep", channels=10, window=(3, 3), padding=RING,
                       is_depthwise=True)
    last = convolution(rng, deep.output, "last", channels=12, window=(2, 2))
    for made in assert_all_arrays_do(network_of(left, right, first, join, deep, last), seed):
        assert len(made.layers) == 5


def test_a_joined_map_that_others_read_is_copied_and_outputs_have_no_gaps(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (6, 7, 5))
    left = convolution(rng, image, "left", channels=10, window=(3, 3), padding=RING)
    right = convolution(rng, left.output, "right", channels=7, window=(3, 3), padding=RING)
    join = Concat(name="join", inputs=(left.output, right.output, left.output),
                  output=tensor("join", (6, 7, 27)))
    for made in assert_all_arrays_do(network_of(left, right, join), seed):
        assert [layer.kind for layer in made.layers].count("copy") == 3


def test_an_input_with_two_readers_is_copied_once(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (6, 7, 3))
    left = convolution(rng, image, "left", channels=5, window=(3, 3), padding=RING)
    right = convolution(rng, image, "right", channels=5)
    total = Add.of(name="total", inputs=(left.output, right.output),
                   output=tensor("total", (6, 7, 5)))
    for made in assert_all_arrays_do(network_of(left, right, total), seed):
        assert sum(layer.in_tensor == 0 for layer in made.program.layers) == 1


def test_factors_above_one_move_into_small_weights_or_are_refused(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (3, 4, 6))
    enlarged = {"channels": 6, "is_depthwise": True, "bias": np.arange(6),
                "rescale": Rescale.of([1.7, 0.9, 3.0, 5.5, 1.0, 0.1])}
    layer = convolution(rng, image, "layer", weights=np.ones((6, 1, 1, 1), np.int8), **enlarged)
    assert_all_arrays_do(network_of(layer), seed)
    layer = convolution(rng, image, "layer", weights=np.full((6, 1, 1, 1), 60, np.int8), **enlarged)
    with pytest.raises(CompileError, match="enlarges its sums"):
        compile_network(network_of(layer))


@pytest.mark.parametrize("row_period", [None, 10_000])
@pytest.mark.parametrize("model, folder", [
    ("models/vww_96_int8.tflite", "images/vww"),
    ("models/pretrainedResnet_quant.tflite", "images/cifar10")])
@pytest.mark.parametrize("dense", [True, False])
def test_the_benchmarks_give_the_golden_tensors(model, folder, dense, row_period):
    network = read_network(data_file(model))
    path = sorted(data_file(folder).glob("*.dat"))[-1]
    image = np.fromfile(path, np.int8).reshape(network.inputs[0].shape)
    assert_the_array_gives_the_golden_tensors(network, image, dense=dense, row_period=row_period)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("model", ["vww_96_int8", "pretrainedResnet_quant"])
def test_random_images_of_the_benchmarks_give_the_golden_tensors(model, size, seed):
    network = read_network(data_file(f"models/{model}.tflite"))
    for dense in (True, False):
        made = compile_network(network, dense=dense, **size)
        for image in images(np.random.default_rng(seed), network, 10)[0]:
            assert_its_program_does(made, image)


def test_dropped_channels_change_no_score(seed):
    network = read_network(data_file("models/vww_96_int8.tflite"))
    image = images(np.random.default_rng(seed), network, 1)[0][0]
    scores = [NpuModel(compile_network(network, dense=dense).program).run(image)[0, :2].tolist()
              for dense in (True, False)]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("model, dense, pixels, cycles, activation_bytes", [
    ("vww_96_int8", True, 1, 123_000, 56_000), ("vww_96_int8", False, 1, 64_000, 33_000),
    ("pretrainedResnet_quant", True, 1, 200_000, 16_000),
    ("vww_96_int8", True, 2, 63_000, 56_000), ("vww_96_int8", False, 2, 33_000, 33_000),
    ("pretrainedResnet_quant", True, 2, 100_000, 16_000)])
def test_the_benchmarks_stay_within_their_budgets(model, dense, pixels, cycles, activation_bytes):
    made = compile_network(read_network(data_file(f"models/{model}.tflite")), pixels=pixels,
                           dense=dense)
    assert made.schedule.cycles <= cycles
    assert made.activation_bytes <= activation_bytes


def test_rows_that_come_too_fast_are_refused():
    network = read_network(data_file("models/vww_96_int8.tflite"))
    with pytest.raises(CompileError, match="a row every 500 clocks is more than"):
        compile_network(network, row_period=500)


@pytest.mark.parametrize("change, match", [
    ({"window": (3, 3), "padding": RING, "kind": PoolKind.AVERAGE, "stride": (1, 1)},
     "fewer taps at the border"),
    ({"window": (1, 4), "stride": (1, 4), "kind": PoolKind.MAX, "pixels": 2},
     "a stride of 4 columns, an array of two pixels takes up to 3")])
def test_pools_that_the_array_cannot_do_are_refused(change, match):
    pixels = change.pop("pixels", 1)
    size = (4, 8) if "padding" in change else (4, 2)
    source = tensor("image", (4, 8, 5))
    with pytest.raises(CompileError, match=match):
        compile_network(network_of(pool(source, size, **change)), pixels=pixels)


def test_what_does_not_fit_is_refused_by_name(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (20, 4, 2))
    tall = convolution(rng, image, "tall", channels=1, window=(17, 1))
    with pytest.raises(CompileError, match="'tall' has the window"):
        compile_network(network_of(tall))
    layer = convolution(rng, image, "layer", channels=4)
    with pytest.raises(CompileError, match="2 outputs"):
        compile_network(network_of(layer, tall, outputs=(layer.output, tall.output)))
    with pytest.raises(CompileError, match="3; choose one of these"):
        compile_network(network_of(layer), cells=3)
    with pytest.raises(CompileError, match="4 cells has no 2 pixels; choose 1, or 2 with 8 cells"):
        compile_network(network_of(layer), cells=4, pixels=2)


def test_channels_left_out_stay_left_out(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (6, 6, 3))
    first = convolution(rng, image, "first", channels=16, window=(3, 3))
    weights = first.weights.copy()
    weights[8:] = 0
    network = network_of(replace(first, weights=weights),
                         convolution(rng, first.output, "second", channels=4))
    made = assert_the_array_gives_the_golden_tensors(
        network, images(rng, network, 1)[0][0])
    assert made.layers[0].shape[2] == 8
    assert drop_constants(network).network.macs == made.network.macs < made.macs


@pytest.mark.parametrize("below, fits", [(127 * 8 * 128, True), (127 * 8 * 128 - 1, False)])
def test_a_bias_and_its_products_together_stay_within_32_bits(below, fits, seed):
    image = tensor("image", (4, 4, 8))
    layer = convolution(np.random.default_rng(seed), image, "sum", channels=8,
                        weights=np.tile(np.array([127, -127], np.int8), 32).reshape(8, 1, 1, 8),
                        bias=np.full(8, (1 << 31) - 1 - below))
    if fits:
        compile_network(network_of(layer))
    else:
        with pytest.raises(CompileError, match="'sum' can sum to more than 32 bits"):
            compile_network(network_of(layer))
