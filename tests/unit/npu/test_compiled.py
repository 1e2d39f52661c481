# SPDX-License-Identifier: Apache-2.0
"""Compiled networks on the array: every word that it writes is the model's."""

from itertools import product
from random import Random

import numpy as np
import pytest

from support import simulate
from support.npu import load_program
from support.upsets import Upsettable
from tapetum.npu.engine import Engine
from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Mode
from tapetum_compiler.backend.compile import compile_network
from tapetum_compiler.network import Padding, Pool, PoolKind
from tapetum_sim.models.npu import NpuModel
from unit.compiler.networks import (
    NO_PADDING,
    RING,
    convolution,
    images,
    network_of,
    residual_network,
    tensor,
)


def mobile_network(rng):
    """All three modes: window of colours, depthwise with strides, pointwise, full connection."""
    image = tensor("image", (8, 8, 3), zero_point=-3)
    first = convolution(rng, image, "first", channels=20, window=(3, 3), padding=RING)
    deep = convolution(rng, first.output, "deep", channels=20, window=(3, 3), padding=RING,
                       is_depthwise=True)
    wide = convolution(rng, deep.output, "wide", channels=24)
    half = convolution(rng, wide.output, "half", channels=24, window=(3, 3), stride=(2, 2),
                       padding=Padding(0, 0, 1, 1), is_depthwise=True)
    last = convolution(rng, half.output, "last", channels=10, window=(4, 4))
    return network_of(first, deep, wide, half, last)


def small_map_network(rng):
    """Pointwise layers on maps of 3x3, whose neighbours read and write them row by row."""
    image = tensor("image", (6, 6, 3))
    first = convolution(rng, image, "first", channels=60, window=(3, 3), stride=(2, 2),
                        padding=Padding(0, 0, 1, 1))
    wide = convolution(rng, first.output, "wide", channels=120)
    deep = convolution(rng, wide.output, "deep", channels=120, window=(3, 3), padding=RING,
                       is_depthwise=True)
    narrow = convolution(rng, deep.output, "narrow", channels=111)
    again = convolution(rng, narrow.output, "again", channels=60)
    return network_of(first, wide, deep, narrow, again,
                      convolution(rng, again.output, "last", channels=10, window=(3, 3)))


def averaging_network(rng):
    """An average over channels that lie in several words, of which a group reads its own."""
    image = tensor("image", (4, 4, 3))
    first = convolution(rng, image, "first", channels=30, window=(3, 3), padding=RING)
    average = Pool(name="average", inputs=(first.output,), output=tensor("mean", (2, 2, 30)),
                   window=(2, 2), stride=(2, 2), padding=NO_PADDING, kind=PoolKind.AVERAGE)
    return network_of(first, average)


def skipping_network(rng):
    """Two of three rows of the image are never read, and must not come to lie on other maps."""
    image = tensor("image", (16, 6, 8))
    first = convolution(rng, image, "first", channels=8, stride=(3, 1))
    second = convolution(rng, first.output, "second", channels=8)
    third = convolution(rng, second.output, "third", channels=16)
    return network_of(first, second, third,
                      convolution(rng, third.output, "last", channels=8, window=(6, 6)))


def word(lanes) -> int:
    return int.from_bytes(np.asarray(lanes, np.int8).tobytes(), "little")


def by_tensor(words):
    """The words of each tensor, in their order; sums leave later than what needs no sum."""
    found = {}
    for number, value in words:
        found.setdefault(number, []).append(value)
    return found


def expected_words(program, model):
    """Tensor and words, as the cells write them: mode B pixel by pixel, the others by group.

    At the end of a row of odd width, two pixels write one word.
    """
    words = []
    for row in model.written:
        layer = program.layers[row.layer]
        lanes = row.lanes.reshape(layer.out_width, layer.groups, -1)
        steps = [lanes[x:x + program.pixels] for x in range(0, layer.out_width, program.pixels)]
        order = product(range(len(steps)), range(layer.groups))
        if layer.mode is not Mode.KERNEL_ROW:
            order = sorted(order, key=lambda place: place[1])
        words += [(layer.out_tensor, [word(each) for each in steps[step][:, group]])
                  for step, group in order]
    return words


def assert_array_does(network, image, *, cells: int, pixels: int, cycles: int) -> None:
    """Load the program, feed the image as fast as its ring takes it, hold every word written.

    Rings of rows hold anything before; no word of that may count.
    """
    made = compile_network(network, cells=cells, pixels=pixels)
    program = made.program
    model = NpuModel(program)
    model.run(image)
    config = NpuConfig(
        cells=cells, pixels=pixels, weight_words=max(2, program.weights.shape[1]),
        parameter_words=max(2, program.bias.shape[1]),
        activation_words=max(2, made.activation_words),
        schedule_entries=max(2, len(program.schedule)), add_tables=max(2, len(program.tables)))
    engine, written = Engine(config), []
    upsettable = Upsettable(engine)
    source = program.tensors[0]
    reader = next(layer for layer in program.layers if layer.in_tensor == 0)
    read_rows = [row.row for row in model.written if program.layers[row.layer] is reader]

    async def host(ctx):
        upsettable.scramble(ctx, Random(1), "activations.")
        await load_program(ctx, engine, program)
        await ctx.tick().until(engine.ready)
        ctx.set(engine.start, 1)
        await ctx.tick()
        ctx.set(engine.start, 0)
        await ctx.tick().until(engine.done)
        assert not ctx.get(engine.overrun)

    async def camera(ctx):
        await ctx.tick().until(engine.busy)
        for row, codes in enumerate(image):
            overwritten = row - source.ring_rows
            done = sum(max(read * reader.stride_y - reader.pad_top, 0) <= overwritten
                       for read in read_rows) if overwritten >= 0 else 0
            while sum(number == reader.out_tensor for number, _ in written) < (
                    done * -(-reader.out_width // pixels) * reader.groups):
                await ctx.tick()
            lanes = np.zeros((image.shape[1], source.pixel_words * 8), np.int8)
            lanes[:, :image.shape[2]] = codes
            for index, each in enumerate(lanes.reshape(-1, 8)):
                ctx.set(engine.input_valid, 1)
                ctx.set(engine.input.word, word(each))
                ctx.set(engine.input.row_last, index == program.input_row_words - 1)
                await ctx.tick().until(engine.input_ready)
                ctx.set(engine.input_valid, 0)

    async def watch(ctx):
        async for *_, valid, number, value, is_input, wrong in ctx.tick().sample(
                engine.probe_valid, engine.probe_tensor, engine.probe_word, engine.probe_input,
                engine.memory.uncorrectable):
            assert not wrong
            if valid and not is_input:
                written.append((number, list(value)[:valid.bit_length()]))

    simulate(upsettable, host, camera, background=(watch,), cycles=cycles)
    assert by_tensor(written) == by_tensor(expected_words(program, model))


def assert_every_word_is_the_models(build, seed, **size):
    rng = np.random.default_rng(seed)
    network = build(rng)
    assert_array_does(network, images(rng, network, 1)[0][0], cycles=40_000, **size)


@pytest.mark.parametrize("build", [
    mobile_network, skipping_network, pytest.param(residual_network, marks=pytest.mark.slow)])
def test_every_word_is_the_models(build, seed):
    assert_every_word_is_the_models(build, seed, cells=8, pixels=1)


@pytest.mark.slow
@pytest.mark.parametrize("build, cells", [
    (build, cells) for build in (mobile_network, residual_network) for cells in (2, 4)])
def test_every_word_is_the_models_in_every_other_size(build, cells, seed):
    assert_every_word_is_the_models(build, seed, cells=cells, pixels=1)


@pytest.mark.parametrize("build", [
    mobile_network, small_map_network, averaging_network,
    pytest.param(residual_network, marks=pytest.mark.slow)])
def test_every_word_of_two_pixels_is_the_models(build, seed):
    assert_every_word_is_the_models(build, seed, cells=8, pixels=2)
