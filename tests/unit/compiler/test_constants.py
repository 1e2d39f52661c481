# SPDX-License-Identifier: Apache-2.0
"""What is left out of a network changes no code of what stays."""

from dataclasses import replace

import numpy as np
import pytest

from tapetum_compiler.golden import execute
from tapetum_compiler.importers import read_network
from tapetum_compiler.network import Add, Concat, Convolution, Padding, Pool, PoolKind
from tapetum_compiler.passes import channel_ranges, drop_constants, layer_costs

from .networks import convolution, images, network_of, tensor
from .tflite_models import data_file

RING = Padding(1, 1, 1, 1)


def assert_nothing_known_changes(network, batches):
    reduction = drop_constants(network)
    wanted, made = execute(network, *batches), execute(reduction.network, *batches)
    restored = reduction.restore(made)
    assert restored.keys() == wanted.keys()
    for name, codes in wanted.items():
        known = reduction.channels[name].is_known
        np.testing.assert_array_equal(restored[name][..., known], codes[..., known], err_msg=name)
    for output in network.outputs:
        assert reduction.channels[output.name].is_known.all()
    return reduction


def without(layer, *channels):
    """Outputs whose weights are zero."""
    weights = layer.weights.copy()
    weights[list(channels)] = 0
    return replace(layer, weights=weights)


def blind_to(layer, *channels):
    """Inputs whose weights are zero."""
    weights = layer.weights.copy()
    weights[..., list(channels)] = 0
    return replace(layer, weights=weights)


def test_the_benchmark_loses_half_of_its_work_and_no_code(seed):
    network = read_network(data_file("models/vww_96_int8.tflite"))
    given = [np.fromfile(path, np.int8).reshape(network.inputs[0].shape)
             for path in sorted(data_file("images/vww").glob("*.dat"))]
    random = images(np.random.default_rng(seed), network, 2)[0]
    reduction = assert_nothing_known_changes(network, [np.concatenate([given, random])])
    assert (network.macs, network.weight_bytes) == (7_489_664, 208_112)
    assert (reduction.network.macs, reduction.network.weight_bytes) == (3_727_313, 29_066)
    unknown = sum((~channels.is_known).sum() for channels in reduction.channels.values())
    assert unknown == 9
    costs = layer_costs(network, reduction)
    assert sum(cost.dense_macs for cost in costs) == network.macs
    assert sum(cost.live_macs for cost in costs) == reduction.network.macs
    assert max(cost.live_accumulator_bits for cost in costs) == 21


@pytest.mark.slow
def test_200_images_of_the_benchmark_lose_no_code(seed):
    network = read_network(data_file("models/vww_96_int8.tflite"))
    rng = np.random.default_rng(seed)
    for _ in range(20):
        assert_nothing_known_changes(network, images(rng, network, 10))


def test_a_network_without_constants_stays_as_it_is():
    network = read_network(data_file("models/pretrainedResnet_quant.tflite"))
    reduction = drop_constants(network)
    assert (reduction.network.macs, reduction.network.weight_bytes) == (12_501_632, 77_360)
    assert max(cost.live_accumulator_bits for cost in layer_costs(network, reduction)) == 23


def test_constants_move_into_biases_where_nothing_cuts_the_window(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (7, 7, 9))
    first = without(convolution(rng, image, "first", channels=6), 1, 4)
    second = convolution(rng, first.output, "second", channels=5, window=(3, 3), stride=(2, 2))
    network = network_of(first, second)
    reduction = assert_nothing_known_changes(network, images(rng, network, 4))
    assert reduction.channels["first"].kept.tolist() == [0, 2, 3, 5]
    assert reduction.network.layers[1].weights.shape == (5, 3, 3, 4)


@pytest.mark.parametrize("bias, kept", [(0, [0, 2]), (3000, [0, 1, 2])])
def test_a_border_keeps_what_it_makes_uneven(bias, kept, seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (6, 5, 9))
    first = without(convolution(rng, image, "first", channels=3, bias=np.array([9, bias, 7])), 1)
    second = convolution(rng, first.output, "second", channels=4, window=(3, 3), padding=RING)
    network = network_of(first, second)
    reduction = assert_nothing_known_changes(network, images(rng, network, 4))
    assert reduction.channels["first"].kept.tolist() == kept


def test_a_border_that_takes_nothing_away_keeps_nothing(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (6, 5, 9))
    first = without(convolution(rng, image, "first", channels=3, bias=np.array([9, 3000, 7])), 1)
    second = convolution(rng, first.output, "second", channels=4, window=(3, 3), padding=RING)
    weights = second.weights.copy()
    weights[:, [0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 2, 0, 1, 2], 1] = 0
    network = network_of(first, replace(second, weights=weights))
    reduction = assert_nothing_known_changes(network, images(rng, network, 4))
    assert reduction.channels["first"].kept.tolist() == [0, 2]


def test_what_nothing_depends_on_is_left_out(seed):
    rng = np.random.default_rng(seed)
    first = convolution(rng, tensor("image", (4, 4, 3)), "first", channels=4, window=(3, 3))
    second = blind_to(convolution(rng, first.output, "second", channels=3), 2)
    network = network_of(first, second)
    reduction = assert_nothing_known_changes(network, images(rng, network, 4))
    assert reduction.channels["first"].kept.tolist() == [0, 1, 3]
    assert reduction.channels["first"].is_known.tolist() == [True, True, False, True]


def test_a_network_that_ignores_its_image_keeps_one_channel(seed):
    rng = np.random.default_rng(seed)
    first = without(convolution(rng, tensor("image", (4, 4, 2)), "first", channels=3), 0, 1, 2)
    second = convolution(rng, first.output, "second", channels=2)
    network = network_of(first, second)
    reduction = assert_nothing_known_changes(network, images(rng, network, 2))
    assert reduction.channels["first"].kept.tolist() == [0]
    assert reduction.channels["second"].is_constant.all()


def random_network(rng):
    """Branches, joins, sums, pools and depthwise layers, full of zero weights."""
    def sparse(layer):
        outputs = rng.random(layer.output.channels) < 0.4
        layer = without(layer, *np.flatnonzero(outputs))
        return replace(layer, bias=np.where(rng.random(layer.bias.size) < 0.3, 0, layer.bias))

    image = tensor("image", (8, 7, 3))
    stem = sparse(convolution(rng, image, "stem", channels=6, window=(3, 3), padding=RING))
    deep = sparse(convolution(rng, stem.output, "deep", channels=12, window=(3, 3), padding=RING,
                              is_depthwise=True))
    left = sparse(convolution(rng, deep.output, "left", channels=6, zero_point=-20))
    total = Add.of(name="sum", inputs=(left.output, stem.output),
                   output=tensor("sum", (8, 7, 6)), act_min=-100)
    join = Concat(name="join", inputs=(total.output, stem.output),
                  output=tensor("join", (8, 7, 12)))
    pooled = Pool(name="pool", inputs=(join.output,), output=tensor("pool", (4, 4, 12)),
                  window=(3, 3), stride=(2, 2), padding=Padding(1, 1, 0, 1),
                  kind=rng.choice(list(PoolKind)))
    last = sparse(convolution(rng, pooled.output, "last", channels=5, window=(4, 4)))
    return network_of(stem, deep, left, total, join, pooled, last)


@pytest.mark.parametrize("trial", range(30))
def test_random_networks_lose_no_code(trial, seed):
    rng = np.random.default_rng([seed, trial])
    network = random_network(rng)
    batches = images(rng, network, 6)
    reduction = assert_nothing_known_changes(network, batches)
    assert reduction.network.macs <= network.macs


@pytest.mark.parametrize("trial", range(10))
def test_no_image_leaves_its_ranges(trial, seed):
    rng = np.random.default_rng([seed, trial])
    network = random_network(rng)
    ranges = channel_ranges(network)
    for name, codes in execute(network, *images(rng, network, 20)).items():
        assert (codes >= ranges[name].least).all()
        assert (codes <= ranges[name].most).all()


def test_random_networks_do_lose_work(seed):
    rng = np.random.default_rng(seed)
    networks = [random_network(rng) for _ in range(10)]
    assert all(isinstance(network.layers[0], Convolution) for network in networks)
    before = sum(network.macs for network in networks)
    after = sum(drop_constants(network).network.macs for network in networks)
    assert after < 0.9 * before
