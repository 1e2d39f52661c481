# SPDX-License-Identifier: Apache-2.0
"""The array runs programs exactly, against direct convolution."""

import numpy as np
import pytest

from support import simulate
from support.npu import SmallNetwork
from tapetum.npu.engine import Engine
from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Mode

__all__ = []

CONFIG = NpuConfig(weight_words=128, parameter_words=64, activation_words=512,
                   schedule_entries=256, add_tables=2)


def _run(network, *, gap=lambda: 0, inferences=1, cycles=20_000, overruns=False):
    """Load the network, run it, compare all words it writes and the result; return step marks."""
    dut, program = Engine(CONFIG), network.program()
    written = {tensor: [] for tensor in range(len(network.tensors))}
    steps, ended, seen_overrun = [], False, []

    async def load_and_judge(ctx):
        nonlocal ended
        ctx.set(dut.write, 1)
        for target, cell, index, word in program.writes():
            ctx.set(dut.write_target, target)
            ctx.set(dut.write_cell, cell)
            ctx.set(dut.write_index, index)
            ctx.set(dut.write_data, word)
            await ctx.tick()
        ctx.set(dut.write, 0)
        for _ in range(inferences):
            await ctx.tick().until(dut.ready)
            ctx.set(dut.start, 1)
            await ctx.tick()
            ctx.set(dut.start, 0)
            await ctx.tick().until(dut.done)
            seen_overrun.append(ctx.get(dut.overrun))
        if not overruns:
            for tensor in range(1, len(network.tensors)):
                expected = network.written_words(tensor) * inferences
                assert written[tensor] == expected, f"tensor {tensor}"
        height, ring = network.tensors[-1].height, network.tensors[-1].ring_rows
        in_first_slot = network.values[-1][(height - 1) // ring * ring].reshape(-1, 8)
        for index, lanes in enumerate(in_first_slot):
            ctx.set(dut.result_index, index)
            await ctx.tick().repeat(dut.result_cycles)
            word = sum((int(value) & 0xFF) << 8 * lane for lane, value in enumerate(lanes))
            if not overruns:
                assert ctx.get(dut.result_word) == word
        ended = True

    async def drive(ctx):
        for _ in range(inferences):
            await ctx.tick().until(dut.busy)
            for word, row_last in network.input_words():
                for _ in range(gap()):
                    await ctx.tick()
                ctx.set(dut.input_valid, 1)
                ctx.set(dut.input.word, word)
                ctx.set(dut.input.row_last, row_last)
                await ctx.tick().until(dut.input_ready)
                ctx.set(dut.input_valid, 0)

    async def watch(ctx):
        async for _, _, valid, tensor, word, is_input, step in ctx.tick().sample(
                dut.probe_valid, dut.probe_tensor, dut.probe_word, dut.probe_input, dut.step_valid):
            steps.append(step)
            if valid and not is_input:
                written[tensor].append(word)

    simulate(dut, load_and_judge, drive, background=(watch,), cycles=cycles)
    assert ended
    return steps, seen_overrun


def _network(seed, height=6, width=5, **others):
    return SmallNetwork(np.random.default_rng(seed), height, width, **others)


def test_a_convolution_of_one_pixel_is_exact(seed):
    network = _network(seed, words=2)
    network.layer(0, words=3)
    _run(network)


@pytest.mark.parametrize("kernel, stride, pad", [
    ((3, 3), (1, 1), (1, 1)), ((3, 3), (2, 2), (0, 0)), ((1, 1), (2, 2), (0, 0)),
    ((4, 2), (1, 2), (1, 1)), ((3, 3), (2, 1), (1, 0))])
def test_a_convolution_over_channels_is_exact(seed, kernel, stride, pad):
    network = _network(seed, words=2, height=8, width=7)
    network.layer(0, kernel=kernel, stride=stride, pad=pad, words=2)
    _run(network)


@pytest.mark.parametrize("stride, pad, size", [
    ((1, 1), (1, 1), None), ((2, 2), (0, 0), (4, 4)), ((1, 1), (0, 0), None),
    ((2, 2), (1, 1), (4, 4))])
def test_a_depthwise_convolution_is_exact(seed, stride, pad, size):
    network = _network(seed, words=2, height=8, width=8)
    network.layer(0, mode=Mode.DEPTHWISE, kernel=(3, 3), stride=stride, pad=pad, out_size=size)
    _run(network)


@pytest.mark.parametrize("kernel_height, stride, pad", [
    (3, (1, 1), (1, 1)), (3, (2, 2), (0, 0)), (2, (1, 2), (0, 1))])
def test_a_convolution_of_few_channels_is_exact(seed, kernel_height, stride, pad):
    network = _network(seed, height=9, width=9)
    network.layer(0, mode=Mode.KERNEL_ROW, kernel=(kernel_height, 3), stride=stride, pad=pad,
                  words=2)
    _run(network)


def test_pools_are_exact(seed):
    network = _network(seed, words=2, height=6, width=6)
    network.layer(0, kernel=(2, 2), stride=(2, 2), grouped=True, maximum=True)
    network.layer(1, kernel=(3, 3), grouped=True, single=True)
    _run(network)


def test_a_residual_is_added_exactly(seed):
    network = _network(seed, words=1, height=6, width=5)
    first = network.layer(0, words=2)
    second = network.layer(first, kernel=(3, 3), pad=(1, 1), words=2, residual=first, ring=8)
    network.layer(second, words=2, residual=second)
    network.layer(3, mode=Mode.DEPTHWISE, kernel=(3, 3), pad=(1, 1))
    _run(network)
