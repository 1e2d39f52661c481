# SPDX-License-Identifier: Apache-2.0
"""A network that contradicts itself cannot be made."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from support import expect_rejected
from tapetum_compiler.arithmetic import Rescale
from tapetum_compiler.errors import CompileError
from tapetum_compiler.golden import execute
from tapetum_compiler.network import Add, Concat, Network, Padding, Pool, PoolKind

from .networks import convolution, images, network_of, tensor


def sample(**changes):
    rng = np.random.default_rng(0)
    layer = convolution(rng, tensor("image", (6, 6, 2)), "first", channels=4, window=(3, 3))
    return replace(layer, **changes)


@pytest.mark.parametrize("changes, culprits", [
    ({"weights": np.zeros((4, 3, 3, 3), np.int8)}, ["first", "weights"]),
    ({"weights": np.zeros((4, 3, 3, 2), np.int64)}, ["first", "int64"]),
    ({"bias": np.zeros(3, np.int64)}, ["first", "3 biases"]),
    ({"bias": np.full(4, 1 << 31)}, ["first", "32 bits"]),
    ({"rescale": Rescale.of([2.0**28] * 4)}, ["first", "32 bits"]),
    ({"rescale": Rescale.of([0.1])}, ["first", "1 factors"]),
    ({"stride": (2, 2)}, ["first", "(2, 2)", "'first'"]),
    ({"padding": Padding(top=3)}, ["first", "padding"]),
    ({"act_min": 1, "act_max": 0}, ["first", "clamps"]),
    ({"is_depthwise": True}, ["first", "weights"]),
])
def test_convolutions_must_fit_their_tensors(changes, culprits):
    with expect_rejected(*culprits, exception=CompileError):
        sample(**changes)


@pytest.mark.parametrize("changes, culprits", [
    ({"height": 0}, ["'image'", "dimension"]), ({"width": 1 << 17}, ["'image'", "dimension"]),
    ({"scale": 0.0}, ["'image'", "scale"]), ({"scale": float("nan")}, ["'image'", "scale"]),
    ({"zero_point": 128}, ["'image'", "zero point"])])
def test_tensors_must_be_maps_of_int8(changes, culprits):
    with expect_rejected(*culprits, exception=CompileError):
        replace(tensor("image", (6, 6, 2)), **changes)


def test_layers_of_two_maps_must_fit():
    image, other = tensor("image", (6, 6, 2)), tensor("other", (6, 5, 2))
    total = tensor("total", (6, 6, 2))
    with expect_rejected("sum", "broadcasting", exception=CompileError):
        Add.of(name="sum", inputs=(image, other), output=total)
    with expect_rejected("join", "one size", exception=CompileError):
        Concat(name="join", inputs=(image, other), output=tensor("all", (6, 6, 4)))
    with expect_rejected("join", "'other'", "alike", exception=CompileError):
        Concat(name="join", inputs=(image, replace(other, width=6, scale=0.1)),
               output=tensor("all", (6, 6, 4)))
    with expect_rejected("pool", "alike", exception=CompileError):
        Pool(name="pool", inputs=(image,), output=replace(total, zero_point=0), window=(1, 1),
             stride=(1, 1), padding=Padding(), kind=PoolKind.MAX)


def test_layers_must_follow_what_they_read():
    rng = np.random.default_rng(0)
    first = sample()
    second = convolution(rng, first.output, "second", channels=2)
    network_of(first, second)
    with expect_rejected("second", "'first'", "order", exception=CompileError):
        network_of(second, first, inputs=first.inputs)
    with expect_rejected("'first'", "second time", exception=CompileError):
        network_of(first, first)
    with expect_rejected("'second'", "no operation", exception=CompileError):
        network_of(first, outputs=(second.output,))
    with expect_rejected("no input", exception=CompileError):
        Network(inputs=(), outputs=(), layers=(), aliases={})


def test_no_image_leaves_the_range_of_the_accumulator(seed):
    rng = np.random.default_rng(seed)
    layer = replace(sample(), rescale=Rescale.of([2.0**-30] * 4))
    least, most = layer.accumulator_range()
    above_zero = np.where(layer.weights > 0, 127, -128) - layer.input.zero_point
    sums = (layer.weights.astype(np.int64) * above_zero).sum(axis=(1, 2, 3)) + layer.bias
    np.testing.assert_array_equal(sums, most)
    assert (least < layer.bias).all()
    assert images(rng, network_of(layer), 1)[0].shape == (1, 6, 6, 2)


def test_only_images_of_the_right_kind_are_executed():
    network = network_of(sample())
    unsigned: Any = np.zeros((6, 6, 2), np.uint8)
    with expect_rejected("'image'", "int8", exception=CompileError):
        execute(network, unsigned)
    with expect_rejected("'image'", "(6, 6, 2)", exception=CompileError):
        execute(network, np.zeros((6, 6, 3), np.int8))
    with expect_rejected("1 inputs", exception=CompileError):
        execute(network)
