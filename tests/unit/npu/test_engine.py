# SPDX-License-Identifier: Apache-2.0
"""The array runs programs exactly, against direct convolution."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

import numpy as np
import pytest

from support import simulate
from support.npu import SmallNetwork, load_program
from support.upsets import Upsettable
from tapetum.npu.engine import Engine
from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Mode
from tapetum.npu.record_fetch import RecordFetch

__all__ = []

both_sizes = pytest.mark.parametrize("pixels", [1, 2])

CONFIG = NpuConfig(weight_words=128, parameter_words=64, activation_words=512,
                   schedule_entries=256, add_tables=2)


@dataclass
class _Run:
    """What was seen of one network."""

    network: SmallNetwork
    inferences: int = 1
    gap: Callable[[], int] = lambda: 0
    """Clocks before each word of the input."""
    judged: bool = True
    steps: list[int] = field(default_factory=list)
    """Of each clock while busy, whether it took a step."""
    written: dict[int, list[list[int]]] = field(default_factory=dict)
    overrun: list[int] = field(default_factory=list)

    def check(self):
        for tensor in range(1, len(self.network.tensors)):
            expected = self.network.written_words(tensor) * self.inferences
            assert self.written.get(tensor, []) == expected, f"tensor {tensor}"


def _run(*runs: _Run, cycles: int = 30_000) -> None:
    """Load one network after the other and run it; compare all that is written, and the result.

    Rings of rows hold anything before; no word of that may count.
    """
    dut = Engine(replace(CONFIG, pixels=runs[0].network.pixels))
    upsettable = Upsettable(dut)
    current = runs[0]

    async def judge(ctx):
        nonlocal current
        upsettable.scramble(ctx, Random(1), "activations.")
        for run in runs:
            current = run
            await load_program(ctx, dut, run.network.program())
            for _ in range(run.inferences):
                await ctx.tick().until(dut.ready)
                ctx.set(dut.start, 1)
                await ctx.tick()
                ctx.set(dut.start, 0)
                await ctx.tick().until(dut.done)
                run.overrun.append(ctx.get(dut.overrun))
            if run.judged:
                run.check()
                for index, word in enumerate(run.network.first_slot_words()):
                    ctx.set(dut.result_index, index)
                    await ctx.tick().repeat(dut.result_cycles)
                    assert ctx.get(dut.result_word) == word

    async def drive(ctx):
        for run in runs:
            for _ in range(run.inferences):
                await ctx.tick().until(dut.busy)
                for word, row_last in run.network.input_words():
                    for _ in range(run.gap()):
                        await ctx.tick()
                    ctx.set(dut.input_valid, 1)
                    ctx.set(dut.input.word, word)
                    ctx.set(dut.input.row_last, row_last)
                    await ctx.tick().until(dut.input_ready)
                    ctx.set(dut.input_valid, 0)
                await ctx.tick().until(~dut.busy)

    async def watch(ctx):
        async for *_, busy, valid, tensor, word, is_input, step, wrong in ctx.tick().sample(
                dut.busy, dut.probe_valid, dut.probe_tensor, dut.probe_word, dut.probe_input,
                dut.step_valid, dut.memory.uncorrectable):
            assert not wrong
            if busy:
                current.steps.append(step)
            if valid and not is_input:
                current.written.setdefault(tensor, []).append(
                    list(word)[:valid.bit_length()])

    simulate(upsettable, judge, drive, background=(watch,), cycles=cycles)


def _network(seed, height=6, width=5, **others):
    return SmallNetwork(np.random.default_rng(seed), height, width, **others)


def _layers(seed, *layers, **network):
    made = _network(seed, **network)
    for source, layer in enumerate(layers):
        made.layer(source, **layer)
    return _Run(made)


@both_sizes
def test_convolutions_over_channels_are_exact(seed, pixels):
    size = {"pixels": pixels}
    _run(
        _layers(seed, {"words": 3}, words=2, **size),
        _layers(seed, {"kernel": (3, 3), "pad": (1, 1)}, height=5, width=4, **size),
        _layers(seed, {"kernel": (1, 1), "stride": (2, 2), "words": 2}, width=7, **size),
        _layers(seed, {"kernel": (4, 2), "stride": (1, 2), "pad": (1, 1)}, width=4, **size),
        _layers(seed, {"kernel": (3, 3), "stride": (2, 1), "pad": (1, 0)}, words=2, **size),
        _layers(seed, {"kernel": (2, 5), "stride": (1, 3), "pad": (0, 2)}, words=3, width=13,
                **size),
        _layers(seed, {"kernel": (6, 3)}, width=3, **size),
    )


@both_sizes
def test_depthwise_convolutions_are_exact(seed, pixels):
    kernel, size = {"mode": Mode.DEPTHWISE, "kernel": (3, 3)}, {"pixels": pixels}
    _run(
        _layers(seed, kernel | {"pad": (1, 1)}, words=2, **size),
        _layers(seed, kernel | {"stride": (2, 2), "out_size": (4, 4)}, height=8, width=8, words=2,
                **size),
        _layers(seed, kernel, words=1, **size),
        _layers(seed, kernel | {"pad": (1, 1), "stride": (2, 2)}, height=7, width=7, **size),
        _layers(seed, kernel | {"pad": (1, 2), "stride": (1, 2)}, height=3, width=9, words=3,
                **size),
        _layers(seed, kernel | {"pad": (1, 2)}, height=3, width=6, **size),
    )


@both_sizes
def test_convolutions_of_few_channels_are_exact(seed, pixels):
    mode, size = {"mode": Mode.KERNEL_ROW, "words": 2}, {"pixels": pixels}
    _run(
        _layers(seed, mode | {"kernel": (3, 3), "pad": (1, 1)}, height=7, **size),
        _layers(seed, mode | {"kernel": (3, 3), "stride": (2, 2)}, height=9, width=9, **size),
        _layers(seed, mode | {"kernel": (2, 3), "stride": (1, 2), "pad": (0, 1)}, **size),
        _layers(seed, mode | {"kernel": (3, 3), "stride": (1, 3), "pad": (0, 1)}, width=12, **size),
    )


@both_sizes
def test_pools_are_exact(seed, pixels):
    _run(_layers(seed, {"kernel": (2, 2), "stride": (2, 2), "grouped": True, "maximum": True},
                 {"kernel": (3, 3), "grouped": True, "single": True}, words=2, width=6,
                 pixels=pixels))


@both_sizes
def test_residuals_are_added_exactly_between_layers_without(seed, pixels):
    network = _network(seed, height=5, width=3, pixels=pixels)
    first = network.layer(0, words=2)
    network.layer(first, kernel=(3, 3), pad=(1, 1), words=2, residual=first, ring=8)
    network.layer(2, mode=Mode.DEPTHWISE, kernel=(3, 3), pad=(1, 1))
    _run(_Run(network))


@both_sizes
def test_a_short_vector_waits_for_the_additions(seed, pixels):
    network = _network(seed, height=2, width=6, pixels=pixels)
    network.layer(0, words=1)
    network.layer(1, words=2)
    network.layer(1, words=2, residual=2)
    _run(_Run(network))


@both_sizes
def test_rows_with_additions_of_different_length_follow_each_other_exactly(seed, pixels):
    network = _network(seed, height=4, width=4, pixels=pixels)
    network.layer(0, words=1)
    network.layer(1, residual=1)
    network.layer(1, kernel=(3, 3), pad=(1, 1), residual=1)
    _run(_Run(network))


@both_sizes
def test_layers_follow_the_rows_of_a_live_input_twice(seed, pixels):
    network = _network(seed, height=8, width=6, input_ring=4, pixels=pixels)
    network.layer(0, mode=Mode.KERNEL_ROW, kernel=(3, 3), stride=(2, 2), out_size=(4, 3), words=2)
    network.layer(1, mode=Mode.DEPTHWISE, kernel=(3, 3), pad=(1, 1))
    network.layer(2, words=1, ring=3)
    gaps = np.random.default_rng(seed)
    run = _Run(network, inferences=2, gap=lambda: int(gaps.integers(5, 40)))
    _run(run)
    assert run.overrun == [0, 0]


def test_whole_maps_between_rows_of_others_are_exact(seed):
    network = _network(seed, height=6, width=6, pixels=2)
    network.layer(0, kernel=(2, 2), stride=(2, 2), words=3)
    network.layer(1, mode=Mode.DEPTHWISE, kernel=(3, 3), pad=(1, 1), ring=8)
    network.layer(2, mode=Mode.WHOLE_MAP, words=2)
    network.layer(3, mode=Mode.WHOLE_MAP, words=1)
    network.layer(4, mode=Mode.DEPTHWISE, kernel=(3, 3), pad=(1, 1))
    network.layer(5, mode=Mode.WHOLE_MAP, words=2)
    network.layer(6, kernel=(3, 3), words=1)
    gaps = np.random.default_rng(seed)
    _run(_Run(network, inferences=2, gap=lambda: int(gaps.integers(0, 40))),
         _layers(seed, {"mode": Mode.DEPTHWISE, "kernel": (3, 3), "pad": (1, 1)},
                 {"mode": Mode.WHOLE_MAP}, {"words": 2}, height=3, width=3, pixels=2))


def test_a_whole_map_takes_five_steps_per_group_and_word(seed):
    network = _network(seed, height=3, width=3, words=2, pixels=2)
    network.layer(0, mode=Mode.WHOLE_MAP, words=4)
    run = _Run(network)
    _run(run)
    assert sum(run.steps) == 5 * 4 * 2


@both_sizes
def test_input_words_find_room_behind_full_rows_of_outputs(seed, pixels):
    network = _network(seed, height=8, width=12, pixels=pixels)
    network.layer(0, mode=Mode.DEPTHWISE, kernel=(3, 3), pad=(1, 1))
    _run(_Run(network))


def test_a_row_that_comes_too_early_is_dropped_and_told(seed):
    network = _network(seed, height=8, width=3, input_ring=4)
    network.layer(0, kernel=(3, 3), pad=(1, 1))
    early, proper = _Run(network, judged=False), _Run(network, gap=lambda: 30)
    _run(early, proper)
    assert early.overrun == [1]
    assert early.written.keys() == {1}
    assert len(early.written[1]) == len(proper.written[1])
    assert proper.overrun == [0]


def test_rows_follow_each_other_within_two_clocks(seed):
    network = _network(seed, height=6, width=6)
    network.layer(0, kernel=(3, 3), pad=(1, 1))
    run = _Run(network)
    _run(run)
    # The last three rows, when all of the input is there.
    last = len(run.steps) - run.steps[::-1].index(1)
    taken = run.steps[last - 3 * 54 - 2 * Engine.switch_cycles:last]
    assert Engine.switch_cycles <= 2
    assert taken == ([1] * 54 + [0] * Engine.switch_cycles) * 2 + [1] * 54


@both_sizes
def test_rows_of_one_step_follow_each_other_as_their_records_and_the_writer_let_them(seed, pixels):
    network = _network(seed, height=16, width=1, pixels=pixels)
    network.layer(0, ring=16)
    run = _Run(network)
    _run(run)
    clocks = [clock for clock, step in enumerate(run.steps) if step]
    engine = Engine(replace(CONFIG, pixels=pixels))
    under_way = engine.config.rows_under_way
    apart = {after - before for before, after in
             zip(clocks[5:], clocks[5 + under_way:], strict=False)}
    drained = engine.dependent_cycles - engine.drained_cycles
    assert apart == {max(drained, under_way * RecordFetch.fetch_cycles)}


def test_a_row_of_the_same_layer_goes_on_where_the_one_before_stood(seed):
    """Progress of a layer whose rows follow each other is not in its records yet; else it is."""
    network = _network(seed, height=11, width=2, input_ring=12)
    network.layer(0, kernel=(10, 1), pad=(9, 0), stride=(2, 1), ring=8)
    network.layer(1, words=2, ring=8)
    network.layer(2, kernel=(3, 1), pad=(1, 0), ring=8)
    _run(_Run(network), _Run(network, gap=lambda: 20))


@both_sizes
@pytest.mark.parametrize("residual", [False, True])
def test_a_row_that_waits_for_another_begins_after_the_latency_said(seed, residual, pixels):
    network = _network(seed, height=1, width=1, pixels=pixels)
    network.layer(0, words=1)
    network.layer(1, words=1, residual=1 if residual else None)
    network.layer(2, words=1)
    run = _Run(network)
    _run(run)
    clocks = [clock for clock, step in enumerate(run.steps) if step]
    engine = Engine(CONFIG)
    # Of layers 0, 1 and 2; that of layer 1 is followed by the read of its addend.
    first, second, third = clocks[0], clocks[1], clocks[-1]
    assert second - first == engine.dependent_cycles + residual * engine.addend_wait_cycles
    assert third - second == engine.dependent_cycles + residual * engine.residual_cycles
